"""What stands for some phases now, many of them in one query."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases import columns
from batchdrain.database.phases.pages import to_text
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey

_AT_ONCE: Final = 100
"""SQLite takes no condition that is nested deeper than 1000."""


def read_row_words(connection: sa.Connection, table: PhaseTable, keys: Iterable[PhaseKey]) -> dict[PhaseKey, frozenset[str]]:
    """The words of the rows of each phase, mostly one; none where its row is gone. Reads only."""
    found: dict[PhaseKey, set[str]] = {key: set() for key in keys}
    ids = (table.run_id, table.phase_id)
    known = [key for key in found if table.has_names(key)]
    for first in range(0, len(known), _AT_ONCE):
        some = [(key.run_id, key.phase_id) for key in known[first : first + _AT_ONCE]]
        query = sa.select(*(column.selected for column in (*ids, table.state))).where(columns.any_of(ids, len(some)))
        is_written_so = True
        for run_id, phase_id, state in connection.execute(query, columns.parameters_of(ids, some)):
            key = PhaseKey(to_text(run_id), to_text(phase_id))
            if key in found:
                found[key].add(to_text(state))
            else:  # its ids are written in another way than the ledger has them
                is_written_so = False
        for key in known[first : first + _AT_ONCE] if not is_written_so else ():
            if not found[key] and (row := table.read_row_state(connection, key)) is not None:
                found[key].add(row.state)
    return {key: frozenset(words) for key, words in found.items()}
