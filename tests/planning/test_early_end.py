"""Which stop conditions may end a plan before its last phase."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.stop_settings import Stop
from batchdrain.failures.categories import categorise
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.early_end import rules_that_may_end
from batchdrain.planning.stop import Progress

OFF: dict[str, Any] = {"max_timeouts_per_run": 0, "max_repeats": 0, "same_new_failure": 0}
MINUTES, IN_A_ROW, TIMEOUTS, REPEATS, SAME, FLOOR, NOTHING, BUDGET, CANARY = (
    {"max_total_minutes": 1}, {"max_consecutive_failures": 2}, {"max_timeouts_per_run": 1}, {"max_repeats": 2},
    {"same_new_failure": 2}, {"success_floor": 0.5, "success_floor_after": 2}, {"metric": "t", "max_without_metric": 2},
    {"max_metric": {"t": 10}}, {"canary": True, "canary_size": 5},
)  # fmt: skip


def phases(told: str) -> list[Phase]:
    """'r:boom r:bang': run and failure text of each; '-' is none."""
    found = []
    for number, one in enumerate(told.split()):
        run_id, _, text = one.partition(":")
        failure = Failure.of(None if text == "-" else text, categorise)
        found.append(Phase(run_id=run_id, phase_id=str(number), phase_index=0, state=PhaseState.FAILED, failure=failure))
    return found


def may_end(told: str, stop: dict[str, Any], first: str = "", size: int = 0, **progress: Any) -> list[str]:
    found = rules_that_may_end(
        phases(told), Progress(**progress), Stop(**{**OFF, **stop}), lambda _: size, first=phases(first)
    )
    return [rule.removeprefix("stop.") for rule in found]


@pytest.mark.parametrize(
    ("told", "stop", "progress", "is_told"),
    [
        ("r:a s:b", {}, {}, False),
        ("r:a", MINUTES, {}, False),
        ("r:a s:b", MINUTES, {}, True),
        ("r:a s:b", IN_A_ROW, {}, False),
        ("r:a s:b t:c", IN_A_ROW, {}, True),
        ("r:a s:b", IN_A_ROW, {"consecutive_failures": 1}, True),
        ("r:a s:b", TIMEOUTS, {}, False),
        ("r:a r:b", TIMEOUTS, {}, True),
        ("r:a s:b r:c", TIMEOUTS, {}, True),
        ("r:a r:b", {"max_timeouts_per_run": 2}, {}, False),
        ("r:a r:b", {"max_timeouts_per_run": 2}, {"timeouts": {"r": 1}}, True),
        ("r:a r:b", {"max_timeouts_per_run": 2}, {"timeouts": {"s": 1}}, False),
        ("r:a s:b", REPEATS, {}, False),
        ("r:a s:b t:c", REPEATS, {}, True),
        ("r:a s:b", REPEATS, {"repeats": {"b": 1}}, True),
        ("r:a s:b", REPEATS, {"repeats": {"a": 1}}, False),
        ("r:- s:- t:-", REPEATS, {}, False),
        ("r:a s:b", SAME, {}, False),
        ("r:a s:b t:c", SAME, {}, True),
        ("r:a s:a t:a", SAME, {}, False),
        ("r:a s:a t:a", {"same_new_failure": 1}, {}, False),
        ("r:a s:b", {"same_new_failure": 1}, {}, False),
        ("r:a s:a t:a", SAME, {"same_failures": 1}, True),
        ("r:a s:a t:b", SAME, {}, False),
        ("r:a s:b", FLOOR, {}, False),
        ("r:a s:b t:c", FLOOR, {}, True),
        ("r:a s:b", FLOOR, {"results": 1, "successes": 1}, False),
        ("r:a s:b t:c", FLOOR, {"results": 1, "successes": 1}, True),
        ("r:a s:b", NOTHING, {}, False),
        ("r:a s:b t:c", NOTHING, {}, True),
        ("r:a s:b", NOTHING, {"without_metric": 1}, True),
        ("r:a", BUDGET, {}, False),
        ("r:a s:b", BUDGET, {}, True),
    ],
    ids=str,
)  # fmt: skip
def test_a_stop_condition_may_end_a_plan_where_the_worst_results_before_its_last_phase_meet_it(
    told: str, stop: dict[str, Any], progress: dict[str, Any], is_told: bool
) -> None:
    rule = next((name for name in ("max_metric", "max_without_metric", *stop) if name in stop), "")
    assert may_end(told, stop, **progress) == [rule] * is_told


@pytest.mark.parametrize(
    ("told", "size", "is_told"), [("r:a s:a", 5, True), ("r:a s:a", 4, False), ("r:a s:b", 9, False), ("r:a", 9, False)]
)
def test_a_canary_may_park_those_that_come_behind_it_in_a_big_cluster(told: str, size: int, is_told: bool) -> None:
    assert may_end(told, CANARY, size=size) == ["canary"] * is_told
    assert may_end(told, {"canary": False, "canary_size": 5}, size=size) == []


def test_what_the_first_part_of_a_chain_drains_counts_and_ends_nothing_of_the_second_by_itself() -> None:
    assert may_end("", MINUTES, first="r:a s:b") == []
    assert may_end("r:c", TIMEOUTS, first="r:a") == ["max_timeouts_per_run"]
    assert may_end("s:c", TIMEOUTS, first="r:a r:b") == []
    assert may_end("s:c", REPEATS, first="r:a r:b") == ["max_repeats"]
    assert may_end("s:a", CANARY, first="r:a", size=5) == ["canary"]
    assert may_end("s:c", CANARY, first="r:a s:a", size=5) == []
    assert may_end("s:c", MINUTES, first="r:a") == ["max_total_minutes"]


def test_the_conditions_are_named_once_each_in_the_order_in_which_they_might_strike() -> None:
    stop = {**TIMEOUTS, **REPEATS, **MINUTES}
    assert may_end("r:a r:b r:c r:d", stop) == ["max_timeouts_per_run", "max_repeats", "max_total_minutes"]
