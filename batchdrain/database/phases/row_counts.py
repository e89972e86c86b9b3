"""Counts the rows of the user's table by state, exactly as they are selected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.deadlines import renew, restart
from batchdrain.database.phases.columns import any_of, parameters_of
from batchdrain.database.phases.halves import RAISED, is_over, read_in_halves
from batchdrain.database.phases.packed_rows import PackedRows, Texts, stream_texts
from batchdrain.database.phases.pages import read_strictly
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.state_words import to_word
from batchdrain.model.states import PhaseState

_PAGE: Final = 2_000


def count_by_run(connection: sa.Connection, table: PhaseTable, state: PhaseState) -> dict[str, int]:
    """How many rows are in a state, by run_id.

    The rows are counted in Python: for a GROUP BY run SQLite walks the key's index and looks up each row, which takes ten
    times as long as a scan.
    """
    if table.source.where:  # the condition may fail for a row
        return Counter(chain.from_iterable(page.runs for page in table.read_pages(connection, state)))
    query = table.narrow(sa.select(*table.run_id.selected), state)
    result = connection.execute(query, execution_options={"stream_results": True, "yield_per": _PAGE})
    return Counter(table.run_id.join(row) for page in result.partitions(_PAGE) for row in page)


def count_by_run_and_state(connection: sa.Connection, table: PhaseTable) -> dict[tuple[str, str], int]:
    """How many rows there are for each (run_id, state). One pass, unless the condition fails for a row."""
    query = _count_query_of(
        (*table.run_id.group_values, table.state.group_value), (*table.run_id.groups, *table.state.groups)
    )
    if not table.source.where:
        return _count_here(connection, table) if _is_plain(table) else _count(connection, table, query)
    try:
        return _count(connection, table, table.narrow_to_source(query))
    except RAISED as error:
        if not is_over(connection, error):
            raise
    return _count_all_but(connection, table, query)


def count_states_and_runs(
    connection: sa.Connection, table: PhaseTable, states: Sequence[PhaseState]
) -> tuple[list[int], int, int]:
    """How many rows are in each of some states; how many rows and how many runs there are. One pass, or one and a walk through
    an index of the runs."""
    if table.source.where or not _is_plain(table):
        counts = count_by_run_and_state(connection, table)
        of_states = [sum(rows for (_, state), rows in counts.items() if state in table.states[one]) for one in states]
        return of_states, sum(counts.values()), len({run for run, _ in counts})
    conditions = [table.state.is_any(f"the_{one.value}", table.states[one]) for one in states]
    columns = [sa.func.count(sa.case((condition, 1))) for condition, _ in conditions]
    given = {name: value for _, values in conditions for name, value in values.items()}
    *of_states, rows = connection.execute(sa.select(*columns, sa.func.count()).select_from(table.table), given).one()
    runs = connection.execute(sa.select(*table.run_id.group_values).select_from(table.table).distinct())
    return of_states, rows, len(set(map(table.run_id.join, runs)))


def _is_plain(table: PhaseTable) -> bool:
    """Whether SQLite stores the run ids and states as texts, which it can group by their values alone."""
    return table.dialect == "sqlite" and all(len(one.groups) == 1 for one in (*table.run_id.columns, table.state))


def _count_here(connection: sa.Connection, table: PhaseTable) -> dict[tuple[str, str], int]:
    """Count columns of texts in Python. As with `count_by_run`, SQLite itself would take several times as long."""
    found: Counter[Sequence[Any]] = Counter()
    for page in read_strictly(connection, sa.select(*table.run_id.selected, table.state.selected)):
        renew(connection)
        found.update(page)
    counts: Counter[tuple[str, str]] = Counter()
    while found:
        (*run, state), count = found.popitem()
        counts[table.run_id.join(run), to_word(state)] += count
    return counts


def _count_all_but(connection: sa.Connection, table: PhaseTable, query: sa.Select[Any]) -> dict[tuple[str, str], int]:
    """Count although the condition fails for some rows. These rows are counted too."""

    def count(runs: Sequence[Texts]) -> dict[tuple[str, str], int]:
        here = any_of((table.run_id,), len(runs))
        given = parameters_of((table.run_id,), runs)
        return _count(connection, table, query.where(here, table.is_meant(here)), given)

    restart(connection)
    runs = PackedRows((run,) for run in sorted({run for run, _ in _count(connection, table, query)}) if _is_value(table, run))
    found: Counter[tuple[str, str]] = Counter()
    for some, counts in read_in_halves(connection, runs.pages(), count):
        found.update(_count_run(connection, table, some[0][0]) if isinstance(counts, Exception) else counts)
    return dict(+found)


def _count_run(connection: sa.Connection, table: PhaseTable, run: str) -> dict[tuple[str, str], int]:
    ids = table.run_id, table.phase_id

    def read_meant(rows: Sequence[Texts]) -> set[Texts]:
        these = any_of(ids, len(rows))
        query = sa.select(*table.ids.selected).where(these, table.is_meant(these))
        return set(map(table.ids.names_of, connection.execute(query, parameters_of(ids, rows))))

    rows = sa.select(*table.ids.selected, table.state.selected).where(table.run_id.is_exactly("the_run"))
    texts = stream_texts(
        connection,
        rows.params(table.run_id.parameters("the_run", run)),
        lambda row: (*table.ids.names_of(row), to_word(row[-1])),
    )
    listed = PackedRows(texts)
    found: Counter[tuple[str, str]] = Counter()
    for some, meant in read_in_halves(connection, listed.pages(), read_meant):
        found.update((row[0], row[2]) for row in some if isinstance(meant, Exception) or row[:2] in meant)
    return found


def _is_value(table: PhaseTable, run: str) -> bool:
    try:
        table.run_id.parameters("the_run", run)
    except ValueError:
        return False
    return bool(run)


def _count(
    connection: sa.Connection, table: PhaseTable, query: sa.Select[Any], given: dict[str, Any] | None = None
) -> dict[tuple[str, str], int]:
    counts: Counter[tuple[str, str]] = Counter()
    for *run, state, count in connection.execute(query, given or {}):
        counts[table.run_id.join(run), to_word(state)] += count  # several ids may become '': NULL and bytes are no names
    return counts


def count_all(connection: sa.Connection, table: PhaseTable) -> int:
    """How many rows the table has, whether the condition holds for them or not."""
    return int(connection.execute(sa.select(sa.func.count()).select_from(table.table)).scalar_one())


def find_duplicate_ids(connection: sa.Connection, table: PhaseTable) -> tuple[PhaseKey, int] | None:
    """Ids that name more than one row, in whatever states, and how many rows; None if there are none. One pass."""
    found = connection.execute(_query_of_twins(table, 1)).first()
    return None if found is None else (table.ids.key_of(found), found[-1])


def has_unique_ids(table: PhaseTable) -> bool:
    """Whether a key of the table itself guarantees that no two rows have the same ids."""
    keys = [one for one in table.table.constraints if isinstance(one, sa.PrimaryKeyConstraint | sa.UniqueConstraint)]
    named = [{column.name for column in key.columns} for key in keys]
    for index in table.table.indexes:
        is_partial = any(name.endswith("_where") and value is not None for name, value in index.dialect_kwargs.items())
        if index.unique and not is_partial and len(index.expressions) == len(index.columns):
            named.append({column.name for column in index.columns})
    return any(names and names <= table.ids.column_names for names in named)


def read_ambiguous_ids(connection: sa.Connection, table: PhaseTable, *, most: int) -> frozenset[tuple[str, str]]:
    """At most `most` ids that name more than one row, in whatever states. One pass; none if a key forbids such ids."""
    if has_unique_ids(table):
        return frozenset()
    return frozenset(map(table.ids.names_of, connection.execute(_query_of_twins(table, most))))


def _query_of_twins(table: PhaseTable, most: int) -> sa.Select[Any]:
    run, phase = table.run_id, table.phase_id
    query = _count_query_of((*run.group_values, *phase.group_values), (*run.groups, *phase.groups))
    return query.having(sa.func.count() > 1).limit(most)


def _count_query_of(values: Sequence[sa.ColumnElement[Any]], groups: Sequence[sa.ColumnElement[Any]]) -> sa.Select[Any]:
    return sa.select(*values, sa.func.count()).group_by(*groups)
