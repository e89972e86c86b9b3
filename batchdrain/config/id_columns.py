"""The columns that hold an id: one column, several that form it together, or none, if one text is the id of every row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, WithJsonSchema

from batchdrain.config.section import Section, leaf
from batchdrain.config.values import NonEmptyText, require_no_nul, to_text

_EXPECTED: Final = "expected the name of a column, or a list of names"


class FixedId(Section):
    """No column holds the id: it is the same text for every row."""

    value: NonEmptyText = leaf(..., "the id of every row")


IdOf = str | tuple[str, ...] | FixedId
"""One column, several columns, or a fixed id."""


def names_of(mapped: IdOf) -> tuple[str, ...]:
    """The columns in order; empty for a fixed id."""
    if isinstance(mapped, FixedId):
        return ()
    return (mapped,) if isinstance(mapped, str) else mapped


def to_plain(mapped: IdOf) -> object:
    """The value as in invoke.yaml: a name, a list of names, or `{value: …}`."""
    if isinstance(mapped, FixedId):
        return {"value": mapped.value}
    return mapped if isinstance(mapped, str) else list(mapped)


def _from_json(value: object) -> object:
    """Parse a list or a mapping that a variable holds as JSON. A text that is not JSON is returned unchanged: a column may
    begin with such a character."""
    if not isinstance(value, str) or not value.lstrip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _to_columns(given: object) -> IdOf:
    value = _from_json(given)
    if isinstance(value, list | tuple):
        if not value:
            raise ValueError("must not be empty: write a list: [a, b]")
        names = tuple(map(_to_name, value))
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"names {', '.join(map(repr, twice))} twice")
        return names if len(names) > 1 else names[0]
    return _to_name(value)


def _to_columns_or_value(given: object) -> IdOf:
    value = _from_json(given)
    if isinstance(value, FixedId):
        return value
    if isinstance(value, Mapping):
        if set(value) != {"value"}:
            raise ValueError("of a mapping only {value: …} is known: one id for every row")
        return FixedId(value=_to_name(value["value"]))
    return _to_columns(value)


def _to_name(value: object) -> str:
    text = to_text(value)
    if not isinstance(text, str):
        raise ValueError(_EXPECTED)  # noqa: TRY004 - pydantic collects ValueErrors
    if not text:
        raise ValueError("must not be empty")
    return require_no_nul(text)


_NAME: Final[dict[str, Any]] = {"type": "string", "minLength": 1}
_NAMES: Final[list[dict[str, Any]]] = [_NAME, {"type": "array", "items": _NAME, "minItems": 1, "uniqueItems": True}]
_VALUE: Final[dict[str, Any]] = {
    "type": "object", "properties": {"value": _NAME}, "required": ["value"], "additionalProperties": False,
}  # fmt: skip
IdColumns = Annotated[str | tuple[str, ...], BeforeValidator(_to_columns), WithJsonSchema({"anyOf": _NAMES})]
IdColumnsOrValue = Annotated[IdOf, BeforeValidator(_to_columns_or_value), WithJsonSchema({"anyOf": [*_NAMES, _VALUE]})]
