"""One row that can't be read costs a few statements more, however many others there are; and nothing of what somebody writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Patience, Source
from batchdrain.database import deadlines
from batchdrain.database.connection import Database, open_database
from batchdrain.database.phases.dry_give_back import find_ways_back_blocked
from batchdrain.database.phases.dry_write import dry_write
from batchdrain.database.phases.packed_rows import ROWS, PackedRows
from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.row_counts import count_by_run_and_state
from batchdrain.database.phases.singly import Unreadable
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.states import PhaseState
from tests.chaos.faults import fault
from tests.support.workplace import Workplace

MANY = 2_000
BAD = MANY // 2
PER_BAD_ROW = 40
"""Statements: the page is halved some seven times, and each error is followed by a new transaction."""
CONDITIONS = {
    "sqlite": ("json_extract(note, '$') = 1", "{no json"),
    "postgresql": ("CAST(note AS INT) > 0", "abc"),
    "mysql": ("EXP(CAST(note AS SIGNED)) > 0", "10000"),
}
TYPES = {"text": ("VARCHAR(30)", "VARCHAR(30)"), "numbers": ("INTEGER", "NUMERIC(12, 2)")}


@contextmanager
def opened(url: str, source: Source) -> Iterator[tuple[Database, PhaseTable]]:
    database = open_database(url, patience=Patience(operation_s=30))
    try:
        yield database, PhaseTable.reflect(database, source)
    finally:
        database.close()


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    sent: list[str] = []

    def hear(*details: object) -> None:
        sent.append(str(details[2]))

    sa.event.listen(database.engine, "before_cursor_execute", hear)
    yield sent
    sa.event.remove(database.engine, "before_cursor_execute", hear)


def filled(url: str, types: tuple[str, str], *, runs: int, many: int = MANY) -> Source:
    """A table whose condition fails for one row in the middle."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    where, bad = CONDITIONS[engine.dialect.name]
    run, phase = types
    rows = [
        {"run": number % runs, "phase": number, "note": bad if number == BAD * many // MANY else "1"}
        for number in range(many)
    ]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE phases (run_id {run}, phase_id {phase}, phase_index INT, state VARCHAR(20), "
            "last_failure_reason VARCHAR(100), note VARCHAR(20), PRIMARY KEY (run_id, phase_id))"
        )
        text = sa.text("INSERT INTO phases VALUES (:run, :phase, 0, 'FAILED', 'x', :note)")
        if "CHAR" in run:
            rows = [{**row, "run": str(row["run"]), "phase": str(row["phase"])} for row in rows]
        connection.execute(text, rows)
    return Source(where=where)


@fault(57)
@pytest.mark.parametrize("kind", TYPES)
def test_one_bad_row_of_many_is_found_by_halves_and_the_others_are_read_by_pages(database_url: str, kind: str) -> None:
    with opened(database_url, filled(database_url, TYPES[kind], runs=7)) as (database, table):
        with statements_of(database) as sent, database.read() as connection:
            rows = [row for page in table.read_pages(connection, PhaseState.FAILED) for row in page.rows]

        [bad] = [row for row in rows if isinstance(row[3], Unreadable)]
        assert (len(rows), len({row[:2] for row in rows})) == (MANY, MANY)
        assert float(bad[1]) == BAD
        assert len(sent) <= MANY / ROWS + PER_BAD_ROW


@fault(57)
@pytest.mark.parametrize("runs", [3, MANY // 2])
def test_rows_are_counted_by_pages_beside_one_that_is_bad(database_url: str, runs: int) -> None:
    with opened(database_url, filled(database_url, TYPES["text"], runs=runs)) as (database, table):
        with statements_of(database) as sent, database.read() as connection:
            counts = count_by_run_and_state(connection, table)

        assert (sum(counts.values()), len(counts)) == (MANY, runs)
        assert len(sent) <= MANY / ROWS + 2 * PER_BAD_ROW


@fault(57)
def test_each_page_beside_a_bad_row_has_a_whole_transactions_time(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = filled(postgresql_url, TYPES["text"], runs=1, many=4 * ROWS)
    with opened(postgresql_url, source) as (database, table), database.read() as connection:
        ends: list[float] = []
        for page in table.read_pages(connection, PhaseState.FAILED):
            assert page.rows
            [watched] = database._deadlines._watched  # type: ignore[union-attr]
            ends.append(watched.ends)
            monkeypatch.setattr(deadlines, "_OPERATIONS", deadlines._OPERATIONS + 20)

        assert len(ends) > 4
        assert all(later - earlier > 20 for earlier, later in pairwise(ends[1:])), ends


def test_packed_rows_come_back_as_they_were() -> None:
    rows = [("r", f"\x00 \udcff ü {number}") for number in range(2 * ROWS + 1)]

    assert [row for page in PackedRows(rows).pages() for row in page] == rows
    assert [len(page) for page in PackedRows(rows).pages()] == [ROWS, ROWS, 1]


@fault(57)
def test_what_is_tried_ends_no_transaction_that_writes_and_begins_none_in_it(database_url: str) -> None:
    source = filled(database_url, TYPES["text"], runs=1, many=10)
    with opened(database_url, source) as (database, table):

        def read(connection: sa.Connection) -> None:
            connection.exec_driver_sql("UPDATE phases SET note = '1', last_failure_reason = 'mended'")
            assert sum(len(page.rows) for page in table.read_pages(connection, PhaseState.FAILED)) == 10

        database.write(read)
        with database.read() as connection:
            found = connection.exec_driver_sql("SELECT DISTINCT last_failure_reason FROM phases").scalars().all()
        assert found == ["mended"]


@fault(57)
def test_what_is_read_by_halves_is_of_one_moment_where_the_transaction_goes_on(sqlite_url: str) -> None:
    """A phase that was read, and that somebody moves behind the page meanwhile, would be read twice, and executed twice."""
    source = filled(sqlite_url, TYPES["text"], runs=1, many=10)
    with opened(sqlite_url, source) as (database, table):
        database.prepare_for_writing()
        read: list[tuple[str, str]] = []
        with database.read() as connection:
            for page in table.read_pages(connection, PhaseState.FAILED):
                read += [row[:2] for row in page.rows]
                moved = sa.create_engine(sqlite_url, poolclass=sa.pool.NullPool)
                with moved.begin() as other:
                    other.exec_driver_sql("UPDATE phases SET phase_id = 'z' || phase_id WHERE phase_id NOT LIKE 'z%'")
        assert len(read) == len(set(read)) == 10
        assert not [phase for _, phase in read if phase.startswith("z")], "what others write meanwhile is of the next reading"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # psycopg's cursor ends with its transaction
@fault(57)
def test_a_row_that_can_not_be_read_takes_back_nothing_that_is_written(database_url: str) -> None:
    source = filled(database_url, TYPES["text"], runs=1, many=10)
    with opened(database_url, source) as (database, table):

        def read(connection: sa.Connection) -> None:
            connection.exec_driver_sql("UPDATE phases SET last_failure_reason = 'begun'")
            for _ in table.read_pages(connection, PhaseState.FAILED):
                pass

        with statements_of(database) as sent, pytest.raises(Exception):  # noqa: B017, PT011 - each driver has its own
            database.write(read)

        assert not [statement for statement in sent if "the_id_0" in statement], "nothing goes on in its transaction"
        assert dry_write(database, table, PhaseState.FAILED).problems == []


@fault(68)
def test_a_view_of_what_no_rollback_reaches_is_not_written_to_try_it(tmp_path: Path, postgresql_url: str) -> None:
    place = Workplace(root=tmp_path, url=postgresql_url)
    if place.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'file_fdw'") == [(0,)]:
        pytest.skip("this server has no file_fdw")
    place.sql("CREATE EXTENSION file_fdw")
    place.sql("CREATE SERVER files FOREIGN DATA WRAPPER file_fdw")
    place.sql(
        "CREATE FOREIGN TABLE behind (run_id TEXT, phase_id TEXT, phase_index INT, state TEXT, last_failure_reason TEXT) "
        "SERVER files OPTIONS (program 'echo r,p,0,FAILED,x', format 'csv')"
    )
    place.sql("CREATE VIEW phases AS SELECT * FROM behind")
    with opened(postgresql_url, Source()) as (database, table):
        with statements_of(database) as sent:
            found = find_ways_back_blocked(database, table, Relation.VIEW)

        assert found == ["it is a view that can't be updated (an INSTEAD OF trigger does not say how many rows it changed)"]
        assert not [statement for statement in sent if statement.startswith("UPDATE")]
