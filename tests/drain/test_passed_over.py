"""Phases that can't be claimed are passed over, and no reading brings them back for ever."""

from __future__ import annotations

import sys

from tests.chaos.faults import fault
from tests.support.workplace import Workplace


@fault(57)
def test_a_lane_whose_first_phases_are_all_refused_keeps_no_other_phase_waiting(sqlite_project: Workplace) -> None:
    """A lane keeps four phases at hand where there are many lanes."""
    project = sqlite_project
    project.add(*((f"r{number:05}", "p", 1, "FAILED", "boom") for number in range(5_100)))
    project.add(*(("aaa", f"p{number}", number, "FAILED", "boom") for number in range(6)))
    project.sql(
        "CREATE TRIGGER closed BEFORE UPDATE ON phases WHEN old.run_id = 'aaa' AND old.phase_index < 4 "
        "BEGIN SELECT RAISE(ABORT, 'the period is closed'); END"
    )
    project.configure(policy=["run-order"], command={"argv": ["true"]})

    ran = project.inv("drain", "--batch-size=3")

    assert ran.code == 78, ran
    assert ran.out.count("the period is closed") >= 4
    assert project.taken() == ["aaa/p4", "aaa/p5", "r00000/p"]


def test_a_row_that_somebody_deletes_under_a_drain_of_its_run_is_no_fault(sqlite_project: Workplace) -> None:
    project = sqlite_project
    project.fail("mine/a", "mine/b", *(f"other/{number}" for number in range(5)))
    statement = "DELETE FROM phases WHERE run_id = 'mine' AND phase_id = 'b'"
    project.configure(command={"argv": [sys.executable, "-c", DELETE, project.url.removeprefix("sqlite:///"), statement]})

    ran = project.inv("drain", "--run-id=mine")

    assert (ran.code, project.taken()) == (0, ["mine/a"]), ran


DELETE = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=30); c.execute(sys.argv[2]); c.commit()"
