"""Executes a write that a drain repeats for every phase: its SQL text is made once for each database, then given to the
driver.

To execute a construct, SQLAlchemy looks its text up by a key of all its parts and prepares for every kind of construct. That
takes several times as long as the driver itself. Only this is left out: types still convert values, SQLAlchemy's events still
fire, and its errors are still raised.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

if TYPE_CHECKING:
    from sqlalchemy.sql.compiler import SQLCompiler


class CompiledWrite:
    """An INSERT or an UPDATE of one row whose row count matters. Belongs to one database."""

    def __init__(self, construct: sa.Insert | sa.Update) -> None:
        self._construct = construct
        self._forms: dict[tuple[str, ...], _Form] = {}

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> int:
        """Execute like `Connection.execute` with the same values. Returns how many rows were changed."""
        names = tuple(values)
        form = self._forms.get(names)
        if form is None:
            form = self._forms[names] = _Form.of(self._construct, connection.dialect, names)
        return connection.exec_driver_sql(form.text, form.to_parameters(values)).rowcount


class _Form(NamedTuple):
    """A construct compiled for one set of value names. The names may be columns that the construct sets."""

    compiled: SQLCompiler
    text: str
    convert: Mapping[str, Callable[[Any], Any]]  #: by name: converts a value of this type for the driver

    @classmethod
    def of(cls, construct: sa.Insert | sa.Update, dialect: sa.Dialect, names: tuple[str, ...]) -> _Form:
        compiled = construct.compile(dialect=dialect, column_keys=[*names])
        found = {
            name: bound.type.dialect_impl(dialect).bind_processor(dialect) for bound, name in compiled.bind_names.items()
        }
        convert = {name: one for name, one in found.items() if one is not None}
        return cls(compiled, compiled.string, convert)

    def to_parameters(self, values: Mapping[str, Any]) -> Any:
        """The parameters in the form that the driver takes: by position or by name. Some names are escaped in the text."""
        given = self.compiled.construct_params({**values}, escape_names=False)
        for name, convert in self.convert.items():
            given[name] = convert(given[name])
        order, escaped = self.compiled.positiontup, self.compiled.escaped_bind_names
        if order is not None:
            return tuple([given[name] for name in order])
        return {escaped.get(name, name): value for name, value in given.items()} if escaped else given
