"""The building blocks of settings: sections of leaves, each leaf with a default and a description."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


def leaf(default: Any, says: str, **bounds: Any) -> Any:
    """A setting: its default, and its description in the schema and in docs/configuration.md."""
    return Field(default, description=says, **bounds)


class Section(BaseModel):
    """A mapping of settings. It is frozen, and an unknown key is an error.

    A section within another one gets its default by `model_construct`, so that its own validator, which nothing needs, is not
    built.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
