"""The names of rows that stand in one state, for whoever knows a phase by its digest alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases import columns
from batchdrain.database.phases.pages import to_text
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey

_PAGE: Final = 2_000


def read_keys(connection: sa.Connection, table: PhaseTable, state: str) -> Iterator[PhaseKey]:
    """The ids of all rows that bear this word, whatever `source.where` says of them."""
    try:
        value = columns.bind(table.state, state)
    except ValueError:  # the column has become another since
        return
    ids = (columns.to_selected(column, table.dialect) for column in (table.run_id, table.phase_id))
    query = sa.select(*ids).where(table.state == value)
    for page in connection.execution_options(stream_results=True, yield_per=_PAGE).execute(query).partitions(_PAGE):
        yield from (PhaseKey(to_text(run), to_text(phase)) for run, phase in page)
