"""The names of rows that stand in one state, for whoever knows a phase by its digest alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey

_PAGE: Final = 2_000


def read_keys(connection: sa.Connection, table: PhaseTable, state: str) -> Iterator[PhaseKey]:
    """The ids of all rows that bear this word, whatever `source.where` says of them."""
    try:
        given = table.state.parameters("the_state", state)
    except ValueError:  # the column has become another since
        return
    query = sa.select(*table.ids.selected).where(table.state.is_exactly("the_state", state)).params(given)
    for page in connection.execution_options(stream_results=True, yield_per=_PAGE).execute(query).partitions(_PAGE):
        yield from map(table.ids.key_of, page)
