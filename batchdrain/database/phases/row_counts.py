"""How many rows of the user's table stand where: counted exactly, as they are selected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.deadlines import restart
from batchdrain.database.phases.columns import any_of, parameters_of
from batchdrain.database.phases.exact_column import ExactColumn
from batchdrain.database.phases.halves import RAISED, is_over, read_in_halves
from batchdrain.database.phases.packed_rows import PackedRows, Texts, stream_texts
from batchdrain.database.phases.pages import to_text
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
    try:
        return _count(connection, table.narrow_to_source(query))
    except RAISED as error:
        if not is_over(connection, error):
            raise
    return _count_all_but(connection, table, query)


def _count_all_but(connection: sa.Connection, table: PhaseTable, query: sa.Select[Any]) -> dict[tuple[str, str], int]:
    """The condition fails for some rows: they count too."""

    def count(runs: Sequence[Texts]) -> dict[tuple[str, str], int]:
        here = any_of((table.run_id,), len(runs))
        given = parameters_of((table.run_id,), runs)
        return _count(connection, query.where(here, table.is_meant(here)), given)

    restart(connection)
    runs = PackedRows((run,) for run in sorted({run for run, _ in _count(connection, query)}) if _is_value(table, run))
    found: Counter[tuple[str, str]] = Counter()
    for some, counts in read_in_halves(connection, runs.pages(), count):
        found.update(_count_run(connection, table, some[0][0]) if isinstance(counts, Exception) else counts)
    return dict(+found)


def _count_run(connection: sa.Connection, table: PhaseTable, run: str) -> dict[tuple[str, str], int]:
    ids = table.run_id, table.phase_id

    def read_meant(rows: Sequence[Texts]) -> set[Texts]:
        these = any_of(ids, len(rows))
        query = sa.select(*(column.selected for column in ids)).where(these, table.is_meant(these))
        return {(to_text(row[0]), to_text(row[1])) for row in connection.execute(query, parameters_of(ids, rows))}

    rows = sa.select(*(column.selected for column in (*ids, table.state))).where(table.run_id.is_exactly("the_run"))
    listed = PackedRows(stream_texts(connection, rows.params(table.run_id.parameters("the_run", run))))
    found: Counter[tuple[str, str]] = Counter()
    for some, meant in read_in_halves(connection, listed.pages(), read_meant):
        found.update((row[0], row[2]) for row in some if isinstance(meant, Exception) or row[:2] in meant)
    return found


def _is_value(table: PhaseTable, run: str) -> bool:
    try:
        return bool(run and table.run_id.parameters("the_run", run))
    except ValueError:
        return False


def _count(
    connection: sa.Connection, query: sa.Select[Any], given: dict[str, Any] | None = None
) -> dict[tuple[str, str], int]:
    counts: Counter[tuple[str, str]] = Counter()
    for run, state, count in connection.execute(query, given or {}):
        counts[to_text(run), to_text(state)] += count  # NULL and bytes are no names, whatever they are
    return counts


def count_all(connection: sa.Connection, table: PhaseTable) -> int:
    """How many rows the table has, whether the condition holds for them or not."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(table.table)).scalar_one())


def find_duplicate_ids(connection: sa.Connection, table: PhaseTable) -> tuple[PhaseKey, int] | None:
    """Ids that name more than one row, in whatever states, and how many; None where there are none. One pass."""
    query = _count_query_of(table.run_id, table.phase_id).having(sa.func.count() > 1).limit(1)
    found = connection.execute(query).first()
    return None if found is None else (PhaseKey(to_text(found[0]), to_text(found[1])), found[2])


def has_unique_ids(table: PhaseTable) -> bool:
    """Whether a key of the table itself says that no two rows have the same ids."""
    ids = {table.source.columns.run_id, table.source.columns.phase_id}
    keys = [one for one in table.table.constraints if isinstance(one, sa.PrimaryKeyConstraint | sa.UniqueConstraint)]
    named = [{column.name for column in key.columns} for key in keys]
    for index in table.table.indexes:
        is_partial = any(name.endswith("_where") and value is not None for name, value in index.dialect_kwargs.items())
        if index.unique and not is_partial and len(index.expressions) == len(index.columns):
            named.append({column.name for column in index.columns})
    return any(names and names <= ids for names in named)


def read_ambiguous_ids(connection: sa.Connection, table: PhaseTable, *, most: int) -> frozenset[tuple[str, str]]:
    """The ids that name more than one row, in whatever states, at most so many. One pass, and none where a key forbids them."""
    if has_unique_ids(table):
        return frozenset()
    query = _count_query_of(table.run_id, table.phase_id).having(sa.func.count() > 1).limit(most)
    return frozenset((to_text(run), to_text(phase)) for run, phase, _ in connection.execute(query))


def _count_query_of(*of: ExactColumn) -> sa.Select[Any]:
    groups = [group for column in of for group in column.groups]
    return sa.select(*(column.group_value for column in of), sa.func.count()).group_by(*groups)
