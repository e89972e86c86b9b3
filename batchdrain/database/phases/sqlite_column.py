"""A column of ids or states on SQLite, which stores any value in any column. Each value is taken as it is stored.

The declared type says nothing about a row: '7', 7 and 'legacy-1' may stand in one column. The row's own value decides: a text
is compared as a text, a number as a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from batchdrain.database.phases.declared_types import DeclaredType

NUMBER: Final = "_number"
"""The suffix of the parameter that holds the number with the same text."""
_LONGEST_NUMBER: Final = 32
_INT64_BITS: Final = 63


class _Stored(sa.sql.functions.FunctionElement[bool]):
    """Whether a column that holds a text, or the number that is written like it, holds exactly that value. The column's
    collation has already matched it."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(_Stored, "sqlite")
def _compile_stored(element: _Stored, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    column, text, number = (compiler.process(part, **options) for part in element.clauses)
    # The plus removes the column's affinity, with which SQLite would turn a text into a number to compare it.
    return (
        f"CASE typeof({column}) WHEN 'text' THEN +{column} COLLATE BINARY = {text} "
        f"WHEN typeof({number}) THEN +{column} = {number} ELSE 0 END"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SqliteColumn:
    """An exact column that is read without conversion.
    The text of a number is Python's, which can be read back as the same number."""

    column: sa.Column[Any]
    declared: DeclaredType

    @property
    def selected(self) -> sa.ColumnElement[Any]:
        return self.column

    @property
    def groups(self) -> tuple[sa.ColumnElement[Any], ...]:
        value = sa.collate(self.column, "BINARY")
        # 1 and 1.0 are equal but have two texts. A column that stores numbers as texts holds only one kind of them.
        is_text = any(part in self.declared.base for part in ("char", "clob", "text")) and "int" not in self.declared.base
        return (value,) if is_text else (value, sa.func.typeof(self.column))

    @property
    def group_value(self) -> sa.ColumnElement[Any]:
        return self.groups[0]

    def is_exactly(self, name: str, text: str | None = None) -> sa.ColumnElement[bool]:
        if text is not None and _to_number(text) is None:
            given: sa.BindParameter[str] = sa.bindparam(name)
            return sa.and_(self.column == given, sa.collate(self.column, "BINARY") == given)
        values: tuple[sa.BindParameter[Any], ...] = (sa.bindparam(name), sa.bindparam(name + NUMBER))
        return sa.and_(self.column.in_(values), _Stored(self.column, *values))

    @property
    def unindexed(self) -> sa.ColumnElement[Any]:
        return self.column

    def is_still(self, name: str) -> sa.ColumnElement[bool]:
        return self.is_exactly(name)

    def written(self, name: str) -> sa.ColumnElement[Any]:
        """The new value: a number if the row holds a number now, else a text."""
        return sa.case(
            (sa.func.typeof(self.column) == sa.literal_column("'text'"), sa.bindparam(name)),
            else_=sa.bindparam(name + NUMBER),
        )

    def parameters(self, name: str, text: str) -> dict[str, Any]:
        text.encode()  # a text that is not UTF-8 is no name, and the driver refuses it
        number = _to_number(text)
        return {name: text, name + NUMBER: text if number is None else number}


@lru_cache(maxsize=256)
def _to_number(text: str) -> int | float | None:
    """The number that has exactly this text; None if there is none."""
    if len(text) > _LONGEST_NUMBER:
        return None
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if str(number) == text:
            return None if isinstance(number, int) and number.bit_length() > _INT64_BITS else number
    return None
