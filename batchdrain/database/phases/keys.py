"""Reads the ids of the rows in one state, for a caller that knows a phase only by its digest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey

_PAGE: Final = 2_000


def read_keys(connection: sa.Connection, table: PhaseTable, state: str) -> Iterator[PhaseKey]:
    """The ids of all rows that have this word as state, whether `source.where` holds for them or not."""
    try:
        given = table.state.parameters("the_state", state)
    except ValueError:  # the column's type has changed since
        return
    query = sa.select(*table.ids.selected).where(table.state.is_exactly("the_state", state)).params(given)
    for page in connection.execution_options(stream_results=True, yield_per=_PAGE).execute(query).partitions(_PAGE):
        yield from map(table.ids.key_of, page)
