"""The totals of a table are those of its runs, whatever the table looks like."""

from __future__ import annotations

import pytest

from batchdrain.config.load import load
from batchdrain.database.connection import open_database
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.run_counts import PhaseTotals, read_run_counts, read_totals
from tests.support.workplace import Workplace

ROWS = [
    ("r1", "a", "FAILED", "x"),
    ("r1", "b", "QUEUED", "x"),
    ("R1", "a", "COMPLETE", "x"),
    ("r 2", "a", "failed", "y"),
    ("r 2", "b", "RUNNING", "y"),
    ("r3", "a", "FAILED", "y"),
]
TOTALS = PhaseTotals(queued=1, failed=2, complete=1, other=2, runs=4)


def _totals(project: Workplace, run_id: str | list[str] = "run_id", where: str = "") -> tuple[PhaseTotals, PhaseTotals]:
    """As they are counted together, and of all runs."""
    source = {"table": "t", "columns": {"run_id": run_id, "phase_index": None}, "where": where}
    settings = load({"database_url": project.url, "source": source}, {})
    database = open_database(project.url)
    try:
        table = PhaseTable.reflect(database, settings.source)
        with database.read() as connection:
            return read_totals(connection, table), PhaseTotals.of(read_run_counts(connection, table))
    finally:
        database.close()


def _make(project: Workplace, key: str = ", PRIMARY KEY (run_id, phase_id)", kind: str = "VARCHAR(20)") -> None:
    binary = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin" if "mysql" in project.url else ""
    project.sql(
        f"CREATE TABLE t (run_id {kind}{binary}, phase_id VARCHAR(20), state VARCHAR(20){binary}, "
        f"last_failure_reason TEXT, part VARCHAR(20){key})"
    )


@pytest.mark.parametrize("key", ["", ", PRIMARY KEY (run_id, phase_id)"], ids=["no key", "a key"])
def test_totals_tell_words_and_runs_apart_by_each_byte(project: Workplace, key: str) -> None:
    _make(project, key)
    project.sql("INSERT INTO t VALUES (:r, :p, :s, NULL, :c)", [dict(zip("rpsc", row, strict=True)) for row in ROWS])

    assert _totals(project) == (TOTALS, TOTALS)
    assert _totals(project, where="part = 'x'") == (PhaseTotals(queued=1, failed=1, complete=1, runs=2),) * 2
    together, of_runs = _totals(project, ["run_id", "part"])
    assert together == of_runs
    assert together.runs == 4
    assert _totals(project, "part")[0].runs == 2


def test_totals_of_an_empty_table_are_none(project: Workplace) -> None:
    _make(project)

    assert _totals(project) == (PhaseTotals(), PhaseTotals())


def test_ids_that_are_no_names_are_one_run(sqlite_project: Workplace) -> None:
    _make(sqlite_project, "")
    sqlite_project.sql(
        "INSERT INTO t VALUES (NULL, 'a', 'FAILED', NULL, ''), ('', 'b', NULL, NULL, ''), (x'ff', 'c', 'x', NULL, '')"
    )

    totals = PhaseTotals(failed=1, other=2, runs=1)
    assert _totals(sqlite_project) == (totals, totals)


def test_numbers_of_two_texts_are_two_runs(sqlite_project: Workplace) -> None:
    _make(sqlite_project, "", kind="BLOB")
    sqlite_project.sql(
        "INSERT INTO t VALUES (1, 'a', 'FAILED', NULL, ''), (1.0, 'b', 'FAILED', NULL, ''), ('1', 'c', 'FAILED', NULL, '')"
    )

    totals = PhaseTotals(failed=3, runs=2)
    assert _totals(sqlite_project) == (totals, totals)
