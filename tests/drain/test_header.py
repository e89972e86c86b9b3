"""The header's counts and the backlog are two readings: where rows change between them, the header says so."""

from __future__ import annotations

import pytest

from batchdrain.database.run_counts import PhaseTotals, describe_reading
from batchdrain.drain.screen import Opening
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

SOMEBODY = """
import sqlite3

def meanwhile(lane, now):
    '''Once the backlog was read, somebody else completes a phase.'''
    connection = sqlite3.connect({file!r})
    connection.execute("UPDATE phases SET state = 'COMPLETE' WHERE run_id = 'gone'")
    connection.commit()
    connection.close()
    return 0
"""


@pytest.mark.parametrize("task", [["drain"], ["dry-run"], ["--dry", "drain-all"]], ids=lambda task: task[-1])
def test_rows_that_change_between_the_two_readings_are_told_in_the_header(sqlite_project: Workplace, task: list[str]) -> None:
    sqlite_project.fail("r/a", "gone/b")
    sqlite_project.sql("PRAGMA journal_mode=WAL")
    file = sqlite_project.sql("PRAGMA database_list")[0][2]
    (sqlite_project.root / "somebody.py").write_text(SOMEBODY.format(file=file))
    sqlite_project.configure(policy=["somebody:meanwhile", "smart"])

    ran = sqlite_project.inv(*task, env={"PYTHONPATH": str(sqlite_project.root)})

    header = next(line for line in ran.lines if line.startswith("Database: "))
    assert header.endswith(
        ": 1 failed, 0 queued, 1 complete, 0 other in 2 runs (the backlog had 2 failed when it was read)"
    ), ran


def test_readings_that_agree_are_told_once() -> None:
    counts = PhaseTotals(queued=1, failed=3, complete=4, runs=2)
    told = "3 failed, 1 queued, 4 complete, 0 other in 2 runs"
    assert describe_reading(counts, {"failed": 3, "queued": 1}) == describe_reading(counts, {}) == told
    assert describe_reading(counts, {"failed": 4, "queued": 0}) == (
        f"{told} (the backlog had 4 failed and 0 queued when it was read)"
    )


@pytest.mark.parametrize(("target", "aim"), [(None, "all failed phases"), (10, "10 failed phases"), (1, "1 failed phase")])
def test_what_a_session_is_to_come_to_is_named_as_a_whole_also_once_a_part_is_done(target: int | None, aim: str) -> None:
    assert Opening(session_id="s", database="d", state="failed", target=target, done=1, workers=1).aim == aim
