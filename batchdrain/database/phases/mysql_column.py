"""A column of ids or states on MariaDB and MySQL, whose default collations take 'Failed ' and 'FAILED' for equal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from batchdrain.database.phases.declared_types import DeclaredType, Family


class _SameBytes(sa.sql.functions.FunctionElement[bool]):
    """Whether two texts are equal in every byte."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(_SameBytes, "mysql")
@compiles(_SameBytes, "mariadb")
def _compile_same_bytes(element: _SameBytes, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    # Even binary collations take 'x' and 'x ' for equal. The column may have another character set than the connection.
    one, other = (f"CAST(CONVERT({compiler.process(part, **options)} USING utf8mb4) AS BINARY)" for part in element.clauses)
    return f"{one} = {other}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MysqlColumn:
    """An exact column whose own `=` is used only to find an index, except for whole numbers."""

    column: sa.Column[Any]
    declared: DeclaredType

    @property
    def selected(self) -> sa.ColumnElement[Any]:
        is_plain = self.declared.family in {Family.TEXT, Family.WHOLE}
        return self.column if is_plain else sa.cast(self.column, sa.Text)

    @property
    def groups(self) -> tuple[sa.ColumnElement[Any], ...]:
        is_collated = self.declared.family is Family.TEXT and not self.declared.words
        return (sa.cast(self.column, sa.BINARY) if is_collated else self.selected,)

    @property
    def group_value(self) -> sa.ColumnElement[Any]:
        return sa.func.min(self.selected)

    def is_exactly(self, name: str, text: str | None = None) -> sa.ColumnElement[bool]:  # noqa: ARG002 - of no use here
        if self.declared.family is Family.WHOLE:
            return self.column == sa.bindparam(name, type_=sa.BigInteger())
        equal = self.column.op("=", is_comparison=True)(self.written(name))
        return sa.and_(equal, _SameBytes(self.selected, sa.bindparam(name, type_=sa.Text())))

    @property
    def unindexed(self) -> sa.ColumnElement[Any]:
        # By an index of the state an UPDATE would lock every row in that state, and two controllers would wait for each other.
        return self.column + 0 if self.declared.family is Family.WHOLE else sa.func.concat(self.column)

    def is_still(self, name: str) -> sa.ColumnElement[bool]:
        if self.declared.family is Family.WHOLE:
            return self.unindexed == sa.bindparam(name, type_=sa.BigInteger())
        return _SameBytes(self.selected, sa.bindparam(name, type_=sa.Text()))

    def written(self, name: str) -> sa.ColumnElement[Any]:
        if self.declared.family is Family.WHOLE:
            return sa.bindparam(name, type_=sa.BigInteger())
        text = sa.bindparam(name, type_=sa.Text())
        if self.declared.base != "decimal":
            return text
        # Compared with a text, a decimal number would be compared as a binary fraction.
        return sa.cast(text, sa.DECIMAL(self.declared.precision, self.declared.scale))

    def parameters(self, name: str, text: str) -> dict[str, Any]:
        if self.declared.words and text not in self.declared.words:
            raise ValueError(f"{text!r} is not one of the enum's words")
        self.declared.require_number(text)
        return {name: int(text) if self.declared.family is Family.WHOLE else text}
