"""Executes a query that a drain repeats for every phase, in the way of CompiledWrite."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from batchdrain.database.compiled_text import CompiledText
from batchdrain.database.driver_cursor import execute, fetch, types_of

Row = tuple[Any, ...]


class CompiledRead:
    """A SELECT of a few columns of one row. Belongs to one database."""

    def __init__(self, construct: sa.Select[Any]) -> None:
        self._construct = construct
        self._form: CompiledText | None = None
        self._converts: list[tuple[int, Callable[[Any], Any]]] | None = None  # what the driver gives, of some columns

    def execute(self, connection: sa.Connection, values: Mapping[str, Any], most: int) -> list[Row]:
        """The first rows, at most `most`."""
        form = self._form
        if form is None:
            form = self._form = CompiledText.of(self._construct, connection.dialect, tuple(values))
        found = execute(connection, form.text, form.to_parameters(values))
        try:
            if self._converts is None:
                self._converts = self._find_converts(connection.dialect, types_of(found))
            return [self._to_row(row) for row in fetch(connection, found, most, form.text)]
        finally:
            found.close()  # before it, SQLite's statement is under way

    def first(self, connection: sa.Connection, values: Mapping[str, Any]) -> Row | None:
        """The first row; None if there is none."""
        return next(iter(self.execute(connection, values, 1)), None)

    def _find_converts(self, dialect: sa.Dialect, types: list[Any]) -> list[tuple[int, Callable[[Any], Any]]]:
        columns = zip(self._construct.selected_columns, types, strict=True)
        found = [column.type.dialect_impl(dialect).result_processor(dialect, kind) for column, kind in columns]
        return [(at, convert) for at, convert in enumerate(found) if convert is not None]

    def _to_row(self, row: Any) -> Row:
        if not self._converts:
            return tuple(row)
        values = [*row]
        for at, convert in self._converts:
            values[at] = convert(values[at])
        return tuple(values)
