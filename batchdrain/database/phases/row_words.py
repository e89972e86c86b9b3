"""Reads the current state words of many phases in one query."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.phases import columns
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.state_words import to_word

_AT_ONCE: Final = 100
_AT_ONCE_OF_SQLITE: Final = 20
"""SQLite plans every part of a condition separately:
one query for a hundred phases costs ten times as much as five for twenty."""


class RowWords:
    """Reads the words of many phases, page by page. A condition on many phases is expensive to make and cheap to execute, so
    it is made once. A page with fewer phases names its last one several times."""

    def __init__(self, table: PhaseTable) -> None:
        self._table = table
        self._ids = (table.run_id, table.phase_id)
        self._at_once = _AT_ONCE_OF_SQLITE if table.dialect == "sqlite" else _AT_ONCE
        self._queries: dict[int, sa.Select[Any, Any, Any]] = {}

    def read(self, connection: sa.Connection, keys: Iterable[PhaseKey]) -> dict[PhaseKey, frozenset[str]]:
        """The words of the rows of each phase: usually one, none if its row is gone. Reads only."""
        found: dict[PhaseKey, set[str]] = {key: set() for key in keys}
        known = [key for key in found if self._table.has_names(key)]
        for first in range(0, len(known), self._at_once):
            some = known[first : first + self._at_once]
            is_written_so = True
            for row in self._ask(connection, some):
                key = self._table.ids.key_of(row)
                if key in found:
                    found[key].add(to_word(row[-1]))
                else:  # the row spells its ids differently from the ledger
                    is_written_so = False
            for key in some if not is_written_so else ():
                if not found[key] and (now := self._table.read_row_state(connection, key)) is not None:
                    found[key].add(now.state)
        return {key: frozenset(words) for key, words in found.items()}

    def _ask(self, connection: sa.Connection, keys: Sequence[PhaseKey]) -> Sequence[sa.Row[Any, Any, Any]]:
        size = 1 if len(keys) == 1 else self._at_once
        if size not in self._queries:
            fields = (*self._table.ids.selected, self._table.state.selected)
            self._queries[size] = sa.select(*fields).where(columns.any_of(self._ids, size))
        rows = [(key.run_id, key.phase_id) for key in keys]
        rows += rows[-1:] * (size - len(rows))
        return connection.execute(self._queries[size], columns.parameters_of(self._ids, rows)).all()
