"""Lists the known keys of a mapping in the settings, for an error about an unknown one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from pydantic import BaseModel

from batchdrain.config.settings import Settings


def keys_beside(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that are known in the place of the last part of `loc`, a path into the settings."""
    model: type[BaseModel] = Settings
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        inner = field.annotation if field else None
        model = next(_models_in(inner), model)
    return list(model.model_fields)


def _models_in(kind: object) -> Iterator[type[BaseModel]]:
    """The models within a type, such as the model of the items of a list."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models_in(inner)
