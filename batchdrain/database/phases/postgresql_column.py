"""A column of ids or states on PostgreSQL. A value that is not text is identified by PostgreSQL's text of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.phases.declared_types import DeclaredType, Family

_INT64_BITS: Final = 63


class _Named(sa.types.UserDefinedType[str]):
    """A type given by its name, as PostgreSQL quotes it."""

    cache_ok = True

    def __init__(self, name: str) -> None:
        self.name = name

    def get_col_spec(self, **_: object) -> str:
        return self.name.replace("%", "%%")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlColumn:
    """An exact column. The column's own `=` is exact for most types, but not for citext, CHAR, a nondeterministic ICU
    collation, or 1.0 and 1.00."""

    column: sa.Column[Any]
    declared: DeclaredType

    @property
    def selected(self) -> sa.ColumnElement[Any]:
        is_text = self.declared.family is Family.TEXT and self.declared.is_bytewise
        return self.column if is_text else sa.cast(self.column, sa.Text)  # a cast removes the blanks that pad a CHAR

    @property
    def groups(self) -> tuple[sa.ColumnElement[Any], ...]:
        # A cast alone keeps the column's collation, which may take two words for equal.
        return (self.selected if self.declared.is_bytewise else sa.collate(sa.cast(self.column, sa.Text), "C"),)

    @property
    def group_value(self) -> sa.ColumnElement[Any]:
        return self.groups[0]

    def is_exactly(self, name: str, text: str | None = None) -> sa.ColumnElement[bool]:  # noqa: ARG002 - of no use here
        if self.declared.family is Family.WHOLE:
            return self.column == sa.bindparam(name, type_=sa.BigInteger())
        equal = self._bare.op("=", is_comparison=True)(self._value(name))
        if self.declared.is_bytewise:
            return equal
        spelt = sa.collate(sa.cast(self.column, sa.Text), "C")
        return sa.and_(equal, spelt == sa.bindparam(name, type_=sa.Text()))

    @property
    def unindexed(self) -> sa.ColumnElement[Any]:
        return self.column

    def is_still(self, name: str) -> sa.ColumnElement[bool]:
        return self.is_exactly(name)

    def written(self, name: str) -> sa.ColumnElement[Any]:
        if self.declared.family is Family.WHOLE:
            return sa.bindparam(name, type_=sa.BigInteger())
        # A text is not cast: a cast to a type with a length would cut it silently.
        return sa.bindparam(name, type_=sa.Text()) if self.declared.family is Family.TEXT else self._value(name)

    def parameters(self, name: str, text: str) -> dict[str, Any]:
        if self.declared.family is Family.WHOLE:
            number = int(text)
            if number.bit_length() > _INT64_BITS:
                raise ValueError(f"{text} has more than 64 bits")
            return {name: number}
        words = ("true", "false") if self.declared.base == "bool" else self.declared.words
        if words and text not in words:
            raise ValueError(f"{text!r} is not one of the enum's words")
        self.declared.require_number(text)
        if "\x00" in text:
            raise ValueError("PostgreSQL accepts no NUL")
        return {name: text}

    @property
    def _bare(self) -> sa.ColumnElement[Any]:
        # PostgreSQL does not compare a domain over an enum with the enum. The cast costs nothing, and an index is used all the same.
        return (
            sa.cast(self.column, _Named(self.declared.cast))
            if self.declared.is_domain and self.declared.words
            else self.column
        )

    def _value(self, name: str) -> sa.ColumnElement[Any]:
        text = sa.bindparam(name, type_=sa.Text())
        return sa.cast(text, _Named(self.declared.cast)) if self.declared.cast else text
