"""The place of a failure text that has no plain column of its own: within a JSON value, or in a column that is only read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BeforeValidator, Discriminator, Field, Tag

from batchdrain.config.section import Section, leaf
from batchdrain.config.values import NonEmptyText

_PART: Final = re.compile(r'\s*(?:"((?:[^"]|"")*)"|\[\s*(-?\d{1,9})\s*\]|([^.\[\]"\s][^.\[\]"]*))')
_MOST_PARTS: Final = 50


def _to_parts(value: object) -> object:
    """Split 'error.message' or 'errors[0].message' into its parts. A list of texts and whole numbers is already split."""
    if isinstance(value, str):
        return _split(value)
    if isinstance(value, list | tuple) and all(isinstance(part, str | int) and not isinstance(part, bool) for part in value):
        return [str(part) for part in value]
    raise ValueError("expected a path such as error.message, or a list of its parts")


def _split(path: str) -> list[str]:
    parts: list[str] = []
    at = len("$.") if path.startswith("$.") else len("$") if path.startswith("$[") else 0  # skips a JSONPath prefix
    while at < len(path):
        found = _PART.match(path, at)
        if found is None:
            raise ValueError('expected a path such as error.message or errors[0].text; write a key with other signs as "a.b"')
        quoted, index, plain = found.groups()
        parts.append(index if index is not None else quoted.replace('""', '"') if quoted is not None else plain.rstrip())
        at = found.end()
        if path[at : at + 1] == "." and at + 1 < len(path):
            at += 1
        elif at < len(path) and path[at] != "[":
            raise ValueError("expected a dot between the parts of a path")
    return parts


class ReasonAt(Section):
    """A column from which failure texts are read, where in it they stand, and a column into which new ones are written."""

    column: NonEmptyText = leaf(..., "the column that is read")
    path: Annotated[tuple[NonEmptyText, ...], BeforeValidator(_to_parts), Field(max_length=_MOST_PARTS)] = leaf(
        (), "the way to the text in the JSON of the column, such as `error.message`; empty: the whole column is the text"
    )
    write: NonEmptyText | None = leaf(
        None, "a column of texts that takes the reason of each new failure; null: none is written"
    )

    @property
    def written(self) -> str | None:
        """The column into which new failure texts are written; None if there is none."""
        return self.write if self.write is not None or self.path else self.column

    @property
    def shown_path(self) -> str:
        """The path as it is written in settings: `errors[-1].message`."""
        return "".join(map(_show_part, self.path)).removeprefix(".")


def _show_part(part: str) -> str:
    if re.fullmatch(r"-?\d{1,9}", part):
        return f"[{part}]"
    found = _PART.fullmatch(part)
    return "." + (part if found is not None and found[3] == part else '"' + part.replace('"', '""') + '"')


def _from_json(value: object) -> object:
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _kind_of(value: object) -> str:
    return TAGS[1] if isinstance(value, Mapping | ReasonAt) else TAGS[0]


TAGS: Final = ("(text)", "(mapping)")
"""These appear in the locations of pydantic's errors, and are not shown."""
_Either = Annotated[Annotated[NonEmptyText, Tag(TAGS[0])] | Annotated[ReasonAt, Tag(TAGS[1])], Discriminator(_kind_of)]
Reason = Annotated[_Either, BeforeValidator(_from_json)]
"""The name of a column, or a mapping, which a variable holds as JSON."""
