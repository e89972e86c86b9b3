"""Picks a few rows of the user's table on which something is tried."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.singly import Unreadable
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState

_LOOKED_AT: Final = 100


def find_some_in(
    connection: sa.Connection,
    table: PhaseTable,
    state: PhaseState,
    most: int,
    *,
    at_random: bool = False,
    state_word: str | None = None,
) -> list[PhaseKey]:
    """The ids of some rows in a state, only of rows whose ids are names. `at_random`: choose among all such rows;
    `state_word`: only rows with this word of the state. Use a connection for reading: a row that can't be read ends its
    transaction."""
    if table.source.where:  # the condition may fail for a row
        found = (row for page in table.read_pages(connection, state) for row in page.rows)
        keys: Iterable[PhaseKey] = (PhaseKey(*row[:2]) for row in found if not isinstance(row.reason, Unreadable))
        if state_word is not None:
            keys = [key for key in islice(keys, _LOOKED_AT) if _bears(connection, table, key, state_word)]
    else:
        query = sa.select(*table.ids.selected).limit(most + _LOOKED_AT)
        if state_word is not None:
            condition, given = table.state.is_any("the_word", (state_word,))
            query = query.where(condition).params(given)
        if at_random:
            query = query.order_by(sa.func.rand() if table.dialect == "mysql" else sa.func.random())
        rows = connection.execute(table.narrow(query, state)).all()
        keys = map(table.ids.key_of, rows)
    return list(islice(filter(table.has_names, keys), most))


def _bears(connection: sa.Connection, table: PhaseTable, key: PhaseKey, state_word: str) -> bool:
    row = table.read_row_state(connection, key)
    return row is not None and row.state == state_word
