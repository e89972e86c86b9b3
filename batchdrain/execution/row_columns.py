"""Columns of a phase's row as its command gets them: `{column:tenant}` in the argv, `BATCHDRAIN_COLUMN_TENANT` in the
environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from batchdrain.execution.placeholders import find_placeholders

PREFIX: Final = "column:"
"""The beginning of a column's placeholder."""
_VARIABLE: Final = "BATCHDRAIN_COLUMN_"
_NO_NAME: Final = re.compile(r"[^A-Za-z0-9]")


def variable_of(name: str) -> str:
    """The variable of a column. Characters that a variable can't have become underscores."""
    return _VARIABLE + _NO_NAME.sub("_", name).upper()


def placeholders_of(names: Sequence[str]) -> tuple[str, ...]:
    """The placeholders of columns, without braces."""
    return tuple(PREFIX + name for name in names)


def find_asked(items: Iterable[str]) -> list[str]:
    """The columns that a command's placeholders name, each once."""
    names = (name for item in items for name in find_placeholders(item) if name.startswith(PREFIX))
    return list(dict.fromkeys(name.removeprefix(PREFIX) for name in names))


def explain_unknown(placeholder: str, known: Sequence[str], ids: Mapping[str, str]) -> str:
    """What is wrong with an unknown placeholder. `ids`: the placeholder of an id, by the column that is this id alone."""
    if placeholder in ids:
        return f"{{{placeholder}}}: write {{{ids[placeholder]}}}, which column {placeholder!r} is"
    if placeholder.startswith(PREFIX):
        name = placeholder.removeprefix(PREFIX)
        if name in ids:
            return f"{{{placeholder}}}: write {{{ids[name]}}}, which column {name!r} is, or name it in batchdrain.command.columns"
        return f"{{{placeholder}}}: name {name!r} in batchdrain.command.columns"
    return f"{{{placeholder}}} is no placeholder (known: {', '.join(known)}); double the braces that are your own"


def values_of(columns: Mapping[str, str | None]) -> dict[str, str]:
    """The values by placeholder; NULL becomes ''."""
    return {PREFIX + name: value or "" for name, value in columns.items()}


def variables_of(columns: Mapping[str, str | None]) -> dict[str, str]:
    """The values by variable; NULL has no variable."""
    return {variable_of(name): value for name, value in columns.items() if value is not None}


def unset_variables_of(columns: Mapping[str, str | None]) -> frozenset[str]:
    """The variables that must not be inherited, because their columns are NULL."""
    return frozenset(variable_of(name) for name, value in columns.items() if value is None)


def find_clashes(names: Sequence[str]) -> Iterator[str]:
    """A line for each two columns that would have the same variable."""
    known: dict[str, str] = {}
    for name in names:
        if (other := known.setdefault(variable_of(name), name)) != name:
            yield (
                f"batchdrain.command.columns: {other!r} and {name!r} would both be the variable {variable_of(name)}; "
                "name one of them otherwise, in a view"
            )
