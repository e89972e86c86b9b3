"""Why nothing was drained is told by the one reason that it is, with counts that add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from batchdrain.database.run_counts import RunCounts
from batchdrain.model.phase import Skip
from batchdrain.planning.filters import Filters
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_no_failures, explain_nothing

HOLDS = "It holds 3 failed, 1 queued, 2 complete, 0 other in 2 runs."
COUNTS = [RunCounts(run_id="a", failed=3, complete=2), RunCounts(run_id="b", queued=1)]
TIRED, KNOWN = Skip("stop.max_attempts_per_phase", "tried 5 times"), Skip("accepted", "known")
NONE = EmptySelection(state="failed", total=0, skipped=Counter())
ALL = EmptySelection(state="failed", total=3, skipped=Counter({TIRED: 2, KNOWN: 1}))
SOME = EmptySelection(state="failed", total=3, skipped=Counter({TIRED: 1}))
BY_RULE = ["  2 by stop.max_attempts_per_phase: tried 5 times", "  1 by accepted: known"]
ONE_TIRED = "  1 by stop.max_attempts_per_phase: tried 5 times"
TOLD: dict[str, tuple[EmptySelection, list[str]]] = {
    "no phase": (NONE, ["Nothing to drain in db.", HOLDS, "No phase is failed."]),
    "none of a plan": (replace(NONE, by_plan=True), ["Nothing to drain in db.", HOLDS, "No phase is failed."]),
    "all skipped": (ALL, ["Nothing to drain in db.", HOLDS, "All 3 failed phases are skipped:", *BY_RULE]),
    "the only one": (
        EmptySelection(state="queued", total=1, skipped=Counter({KNOWN: 1})),
        ["Nothing to drain in db.", HOLDS, "The only queued phase is skipped:", "  1 by accepted: known"],
    ),
    "ended before, all skipped": (
        replace(ALL, because="SIGINT"),
        ["Nothing to drain in db.", HOLDS, "All 3 failed phases are skipped:", *BY_RULE],
    ),
    "ended before, some left": (
        replace(SOME, because="SIGINT"),
        ["Nothing was drained in db.", HOLDS, "Of the 3 failed phases:", ONE_TIRED, "  2 are left: SIGINT"],
    ),
    "ended before, one left": (
        replace(NONE, total=1, because="SIGINT"),
        ["Nothing was drained in db.", HOLDS, "Of the one failed phase:", "  1 is left: SIGINT"],
    ),
    "full": (
        SOME,
        ["Nothing to drain in db.", HOLDS, "All 3 failed phases are skipped:", ONE_TIRED, "  2 do not fit into the batch"],
    ),
    "of a plan": (
        replace(SOME, by_plan=True),
        ["Nothing to drain in db.", HOLDS, "Every phase of the plan is skipped:", ONE_TIRED,
         "The rest of the 3 failed phases is not in the plan."],
    ),
    "of a plan, the only one": (
        EmptySelection(state="failed", total=1, skipped=Counter({KNOWN: 1}), by_plan=True),
        ["Nothing to drain in db.", HOLDS, "Every phase of the plan is skipped:", "  1 by accepted: known",
         "There is 1 failed phase."],
    ),
    "of a session whose batch is done": (
        replace(SOME, batch_done=6),
        [
            "Nothing is left of this session in db: its batch of 6 phases is done. `inv drain` begins a new one; "
            + HOLDS.removeprefix("It holds ")
        ],
    ),
    "held": (
        replace(NONE, held=2),
        ["Nothing to drain in db.", HOLDS, "No phase is failed.", "2 are claimed by another controller: `inv sessions` shows them."],
    ),
    "one held": (
        replace(NONE, held=1, without_effect=["--run-id=x: none"]),
        ["Nothing to drain in db.", HOLDS, "No phase is failed.", "--run-id=x: none",
         "1 is claimed by another controller: `inv sessions` shows it."],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TOLD)
def test_an_empty_selection_is_told_by_its_one_reason_and_each_phase_is_counted_once(case: str) -> None:
    empty, told = TOLD[case]
    assert explain_nothing("db", COUNTS, empty).splitlines() == told


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("", "The database holds no phases at all: is it the right one?"),
        ("team = 'x'", "No row of the table matches batchdrain.source.where."),
    ],
)
def test_a_table_without_a_row_is_told_as_such_or_as_one_of_which_the_condition_takes_none(condition: str, told: str) -> None:
    empty = replace(NONE, condition=condition, held=1)
    assert explain_nothing("db", [], empty).splitlines() == ["Nothing to drain in db.", told]
    assert [*explain_no_failures("db", [], Filters(), condition)] == ["No failed phases in db.", told]


def test_where_no_phase_failed_the_run_that_was_asked_for_is_named_and_so_is_a_filter_that_names_none() -> None:
    assert [*explain_no_failures("db", COUNTS, Filters(), "")] == ["No failed phases in db.", HOLDS]
    said = [*explain_no_failures("db", COUNTS, Filters(run_id="b", exclude_runs=("z",)), "")]
    assert said[:3] == ["No failed phases of run b in db.", HOLDS, "--run-id=b: is a run without failed phases"]
    assert [line.partition(":")[0] for line in said[3:]] == ["--exclude-run=z"]


def test_a_hostile_text_stays_in_its_line() -> None:
    odd = "x\n\x1b[31m"
    empty = replace(SOME, because=odd, without_effect=[odd], skipped=Counter({Skip("accepted", odd): 1}))
    said = explain_nothing("db", COUNTS, empty)
    assert (len(said.splitlines()), "\x1b" in said) == (6, False)
    assert "\n" not in next(explain_no_failures("db", COUNTS, Filters(run_id=odd), ""))
