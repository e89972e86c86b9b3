"""A few rows of the user's table, whichever, on which something is tried."""

from __future__ import annotations

from itertools import islice
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.pages import to_text
from batchdrain.database.phases.singly import Unreadable
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState

_LOOKED_AT: Final = 100


def find_some_in(
    connection: sa.Connection, table: PhaseTable, state: PhaseState, most: int, *, at_random: bool = False
) -> list[PhaseKey]:
    """The ids of some rows in a state that are names. `at_random`: of all that there are. Asked on a connection for reading:
    a row that can't be read ends its transaction."""
    if table.source.where:  # it may fail for a row
        found = (row for page in table.read_pages(connection, state) for row in page.rows)
        keys = (PhaseKey(*row[:2]) for row in found if not isinstance(row[3], Unreadable))
    else:
        query = sa.select(table.run_id.selected, table.phase_id.selected).limit(most + _LOOKED_AT)
        if at_random:
            query = query.order_by(sa.func.rand() if table.dialect == "mysql" else sa.func.random())
        rows = connection.execute(table.narrow(query, state)).all()
        keys = (PhaseKey(to_text(run), to_text(phase)) for run, phase in rows)
    return list(islice(filter(table.has_names, keys), most))
