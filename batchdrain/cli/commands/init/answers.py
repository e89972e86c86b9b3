"""Turns answers to the questions of `inv init` into settings, and guesses into text that can be typed. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Final

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from batchdrain.cli.commands.init.mapping import MAY_BE_NULL
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import to_storable

NOTHING: Final = "none"
_NOTHING: Final = frozenset({NOTHING, "-", "null"})
_IDS: Final = frozenset({"run_id", "phase_id"})


def to_typed(value: object) -> str:
    """The guess as a user would type it; '' if there is none."""
    if isinstance(value, dict):
        return to_json(value).decode()
    if isinstance(value, list | tuple):
        return ", ".join("null" if one is None else str(one) for one in value)
    return "" if value is None else str(value)


def to_column(ours: str, text: str, table: TableFacts) -> object:
    """The value for a column: its name, a list of names for an id, `{"value": …}`, `{"column": …, "path": …}`, or None.
    Raises ValueError that says what is wrong."""
    if text in table.by_name:
        return text
    if text.lower() in _NOTHING:
        if ours in MAY_BE_NULL:
            return None
        raise ValueError(f"{ours} is needed: name a column")
    if text.startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError('is no JSON: write {"value": "all"} or {"column": "details", "path": "error"}') from None
    names = _split(text) if ours in _IDS else [text]
    unknown = [name for name in names if name not in table.by_name]
    if unknown or not names:
        raise ValueError(f"{table.full_name} has no column {unknown[0] if unknown else text!r}")
    return names[0] if len(names) == 1 else names


def to_words(text: str, column: ColumnFacts) -> object:
    """One word, or several separated by commas.
    A text that the column has or may have is one word, even with commas in it. Raises ValueError."""
    if to_storable(text) != text:
        raise ValueError("expected valid text")
    known = {*map(str, column.counts or ()), *column.words}
    terms = [text] if text in known else _split(text)
    if not terms:
        raise ValueError("expected a word, or several with commas")
    words = [term if term in known and column.kind is not Kind.WHOLE else _to_word(term, column) for term in terms]
    return words[0] if len(words) == 1 and words[0] is not None else words


def to_argv(text: str) -> list[str]:
    """A command as it is typed in a shell; no shell executes it. Raises ValueError."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise ValueError(f"expected a command as in a shell: {error}") from None


def from_argv(argv: Sequence[str]) -> str:
    """The command as a user would type it. Placeholders are not quoted."""
    return " ".join(shlex.quote(one) if one != shlex.quote(one) and not _is_plain(one) else one for one in argv)


def _is_plain(item: str) -> bool:
    """Whether a shell would want quotes only because of the braces of placeholders."""
    bare = item.replace("{", "").replace("}", "")
    return bool(bare) and shlex.quote(bare) == bare


def _split(text: str) -> list[str]:
    return [one for part in text.split(",") if (one := part.strip())]


def _to_word(term: str, column: ColumnFacts) -> str | int | None:
    if term.lower() == "null":
        return None
    return int(term) if column.kind is Kind.WHOLE and term.lstrip("-").isdecimal() else term
