"""The order while commands run: nothing has been learnt since the last choice, but something was taken."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.phases.pages import Row
from batchdrain.model.phase import PhaseKey
from batchdrain.planning import lane_builder
from batchdrain.planning.since_reading import SinceReading
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


def test_phases_of_one_index_come_by_their_names_also_where_a_lane_keeps_few_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane_builder, "KEPT", 4)
    found = [Row(run_id="a", phase_id=f"p{number:02}", phase_index=7, reason="boom") for number in reversed(range(30))]
    backlog = backlog_of(found)
    backlog.refresh(NOW)
    first = [choice for _ in range(4) if (choice := backlog.next(NOW)) is not None]
    assert names(first) == ["a/p00", "a/p01", "a/p02", "a/p03"]


@pytest.mark.parametrize("index", [0, -3, 2**53 + 1])
def test_an_index_is_kept_as_it_is_and_none_goes_last(index: int) -> None:
    found = [
        Row(run_id="a", phase_id="none", phase_index=None, reason="boom"),
        Row(run_id="a", phase_id="has one", phase_index=index, reason="boom"),
    ]
    chosen = all_of(backlog_of(found, ["run-order"]))
    assert [(choice.phase.phase_id, choice.phase.phase_index) for choice in chosen] == [("has one", index), ("none", None)]


def test_what_happened_while_a_reading_was_under_way_reaches_the_new_one() -> None:
    told: list[tuple[object, ...]] = []
    backlog: Any = SimpleNamespace(
        forget=lambda key: told.append(("forget", key)),
        touch=lambda *what: told.append(("touch", *what)),
        apply=lambda *what: told.append(("apply", *what)),
    )
    attempt: Any = SimpleNamespace(phase=SimpleNamespace(run_id="r"))
    verdict: Any = object()
    since = SinceReading()
    since.verdicts.append(verdict)
    since.attempts.append(attempt)
    since.chosen.append(PhaseKey("r", "p"))
    since.apply_to(backlog, NOW)
    assert sorted(told, key=str) == sorted(
        [("forget", PhaseKey("r", "p")), ("touch", "r", NOW, attempt), ("apply", verdict, NOW)], key=str
    )
