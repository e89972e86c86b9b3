"""The order while commands run: nothing has been learnt since the last choice, but something was taken."""

from __future__ import annotations

from batchdrain.database.phases.pages import Row
from tests.planning.backlogs import NOW, all_of, backlog_of, names


def rows(**phases: int) -> list[Row]:
    return [
        Row(run_id=run, phase_id=f"p{number}", phase_index=number, reason="boom")
        for run, count in phases.items()
        for number in range(count)
    ]


def test_each_run_is_looked_at_once_before_any_is_twice_though_no_result_came_between() -> None:
    """With several workers: the next phase is chosen before the first one has ended."""
    chosen = names(all_of(backlog_of(rows(a=2, b=2, c=2), ["sample-first"])))
    assert chosen == ["a/p0", "b/p0", "c/p0", "a/p1", "b/p1", "c/p1"]


def test_a_lane_of_a_run_that_was_sampled_in_another_category_goes_behind_too() -> None:
    both = [*rows(a=1, b=1), Row(run_id="a", phase_id="q", phase_index=0, reason="ImportError: x")]
    chosen = names(all_of(backlog_of(both, ["sample-first"])))
    assert {chosen[0].partition("/")[0], chosen[1].partition("/")[0]} == {"a", "b"}


def test_a_reading_between_two_choices_forgets_no_sample() -> None:
    backlog, chosen = backlog_of(rows(a=3, b=3), ["sample-first"]), []
    for _ in range(2):
        backlog.refresh(NOW)
        chosen.append(backlog.next(NOW))
    assert names(choice for choice in chosen if choice is not None) == ["a/p0", "b/p0"]
