"""The dry run of a chain looks at its failed part as the queued one would leave it, and says what only results can tell."""

from __future__ import annotations

from typing import Any

import pytest

from tests.drain.chaining import executed, queue
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def counts(project: Workplace, *flags: str) -> list[str]:
    return [line for line in project.inv("--dry", "drain-all", *flags).lines if line.startswith("Would drain")]


def test_failed_phases_of_a_run_whose_queued_ones_are_drained_first_are_planned(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"skip_runs_with_queued": True})
    queue(sqlite_project, "r/q1", "r/q2", "s/q")
    sqlite_project.fail("r/f", "s/f")

    assert counts(sqlite_project) == [
        "Would drain 3 of 3 queued: 0 are skipped, 0 do not fit into the batch",
        "Would drain up to 2 of 2 failed: 0 are skipped, 0 do not fit into the batch",
    ]
    assert counts(sqlite_project, "--max-batches=1", "--queued-batch-size=1")[1] == (
        "Would drain 0 of 2 failed: 2 are skipped, 0 do not fit into the batch"
    )
    sqlite_project.inv("drain-all")
    assert len(executed(sqlite_project)) == 5


def test_failed_phases_that_wait_for_queued_ones_are_up_to_their_results(sqlite_project: Workplace) -> None:
    sqlite_project.configure(depends_on=[{"run": "late", "after": ["early"]}])
    queue(sqlite_project, "early/q")
    sqlite_project.fail("late/f1", "late/f2", "other/f")

    ran = sqlite_project.inv("--dry", "drain-all", "--batch-size=2")

    assert "Target: Process 1 queued phase, then up to 2 failed phases" in ran.lines
    assert "Would drain up to 2 of 3 failed: 2 are skipped, 0 do not fit into the batch" in ran.lines
    assert (
        "  1 of them is among the skipped, and follows once the runs are complete that it waits for (depends_on)" in ran.lines
    )
    sqlite_project.inv("drain-all", "--batch-size=2")
    assert len(executed(sqlite_project)) == 3


ENDS: list[tuple[str, dict[str, Any]]] = [
    ("stop.max_consecutive_failures", {"stop": {"max_consecutive_failures": 2}}),
    ("stop.same_new_failure", {"stop": {"same_new_failure": 2}}),
    ("stop.max_total_minutes", {"stop": {"max_total_minutes": 1}}),
    ("stop.max_repeats", {"stop": {"max_repeats": 2}}),
    ("stop.max_timeouts_per_run", {"stop": {"max_timeouts_per_run": 2}}),
    ("stop.max_metric", {"stop": {"max_metric": {"tokens": 1}}}),
]


@pytest.mark.parametrize(("rule", "settings"), ENDS, ids=[rule for rule, _ in ENDS])
def test_what_the_queued_part_may_bring_about_is_said_of_the_failed_one(
    sqlite_project: Workplace, rule: str, settings: dict[str, Any]
) -> None:
    """One phase alone, which a rule of the whole may leave: what it counts may have come of the part before."""
    off = {"max_repeats": 0, "max_timeouts_per_run": 0, "same_new_failure": 0}
    sqlite_project.configure(stop={**off, **settings["stop"]})
    queue(sqlite_project, "r/q1", "r/q2")
    sqlite_project.fail("r/f", reason="ValueError: bad")

    ran = sqlite_project.inv("--dry", "drain-all")

    assert "Would drain up to 1 of 1 failed: 0 are skipped, 0 do not fit into the batch" in ran.lines, ran.out
    assert ran.lines[-1] == f"  fewer if results make it end sooner: {rule}"


def test_the_first_failure_of_the_queued_part_may_leave_the_failed_one(sqlite_project: Workplace) -> None:
    sqlite_project.configure(stop={"max_repeats": 0, "max_timeouts_per_run": 0, "same_new_failure": 0})
    queue(sqlite_project, "r/q")
    sqlite_project.fail("s/f")
    assert counts(sqlite_project)[1].startswith("Would drain 1 of 1 failed")
    assert counts(sqlite_project, "--stop-on-first-failure")[1].startswith("Would drain up to 1 of 1 failed")
