"""Executes a write that a drain repeats for every phase: its SQL text is made once for each database, then given to the
driver.

To execute a construct, SQLAlchemy looks its text up by a key of all its parts and prepares for every kind of construct. That
takes several times as long as the driver itself. Only this is left out: types still convert values, and SQLAlchemy's errors
are still raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from batchdrain.database.compiled_text import CompiledText
from batchdrain.database.driver_cursor import execute


class CompiledWrite:
    """An INSERT or an UPDATE of one row whose row count matters. Belongs to one database."""

    def __init__(self, construct: sa.Insert | sa.Update) -> None:
        self._construct = construct
        self._forms: dict[tuple[str, ...], CompiledText] = {}

    def execute(self, connection: sa.Connection, values: Mapping[str, Any]) -> int:
        """Execute like `Connection.execute` with the same values. Returns how many rows were changed."""
        names = tuple(values)
        form = self._forms.get(names)
        if form is None:
            form = self._forms[names] = CompiledText.of(self._construct, connection.dialect, names)
        changed: int = execute(connection, form.text, form.to_parameters(values)).rowcount
        return changed
