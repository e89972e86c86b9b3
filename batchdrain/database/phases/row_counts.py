"""How many rows of the user's table stand where: counted exactly, as they are selected."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.phases.exact_column import ExactColumn
from batchdrain.database.phases.pages import to_text
from batchdrain.database.phases.singly import count_all_but
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState

_PAGE: Final = 2_000


def count_by_run(connection: sa.Connection, table: PhaseTable, state: PhaseState) -> dict[str, int]:
    """How many rows stand in a state, by run_id.

    Counted here: asked to group by run, SQLite walks the key's index and looks up each row, ten times as long as a scan.
    """
    if table.source.where:  # it may fail for a row
        return Counter(row[0] for page in table.read_pages(connection, state) for row in page.rows)
    query = table.narrow(sa.select(table.run_id.selected), state)
    result = connection.execute(query, execution_options={"stream_results": True, "yield_per": _PAGE})
    return Counter(to_text(run) for page in result.partitions(_PAGE) for (run,) in page)


def count_by_run_and_state(connection: sa.Connection, table: PhaseTable) -> dict[tuple[str, str], int]:
    """How many rows stand for each (run_id, state). One pass, unless the condition fails for a row."""
    query = _count_query_of(table.run_id, table.state)
    if not table.source.where:
        return _count(connection, query)
    meant, here = table.narrow_to_source(query), table.run_id.is_exactly("the_run")
    this = sa.and_(here, table.phase_id.is_exactly("the_phase"))
    of_run = query.where(here, table.is_meant(here))
    rows = sa.select(table.run_id.selected, table.phase_id.selected, table.state.selected).where(here)
    row = sa.select(sa.literal(1)).select_from(table.table).where(this, table.is_meant(this))
    return count_all_but(
        connection,
        lambda run: _count(connection, meant if run is None else of_run.params(run)),
        lambda: [table.run_id.parameters("the_run", run) for run in {run for run, _ in _count(connection, query)} if run],
        lambda run: connection.execute(rows.params(run)).all(),
        lambda key: row.params(table.find_parameters(key)),
    )


def _count(connection: sa.Connection, query: sa.Select[Any]) -> dict[tuple[str, str], int]:
    counts: Counter[tuple[str, str]] = Counter()
    for run, state, count in connection.execute(query):
        counts[to_text(run), to_text(state)] += count  # NULL and bytes are no names, whatever they are
    return counts


def find_duplicate_ids(connection: sa.Connection, table: PhaseTable) -> tuple[PhaseKey, int] | None:
    """Ids that name more than one row, in whatever states, and how many; None where there are none. One pass."""
    query = _count_query_of(table.run_id, table.phase_id).having(sa.func.count() > 1).limit(1)
    found = connection.execute(query).first()
    return None if found is None else (PhaseKey(to_text(found[0]), to_text(found[1])), found[2])


def _count_query_of(*of: ExactColumn) -> sa.Select[Any]:
    groups = [group for column in of for group in column.groups]
    return sa.select(*(column.group_value for column in of), sa.func.count()).group_by(*groups)
