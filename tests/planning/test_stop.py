"""What ends a session, or keeps a phase, a run or a cluster out of it: the pure deciders."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.stop_settings import Stop
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.liveness import describe_recovered
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.stop import Progress, attempts_stop, canary_room, cluster_stop, run_stop, session_stop


@pytest.mark.parametrize(
    ("progress", "stop", "rule"),
    [
        (Progress(elapsed_s=59), Stop(max_total_minutes=1), None),
        (Progress(elapsed_s=60), Stop(max_total_minutes=1), "stop.max_total_minutes"),
        (Progress(elapsed_s=1e9), Stop(), None),
        (Progress(consecutive_failures=3), Stop(max_consecutive_failures=3), "stop.max_consecutive_failures"),
        (Progress(consecutive_failures=2), Stop(max_consecutive_failures=3), None),
        (Progress(same_failures=5), Stop(), "stop.same_new_failure"),
        (Progress(same_failures=4), Stop(), None),
        (Progress(spent={"tokens": 10.0}), Stop(max_metric={"tokens": 10}), "stop.max_metric"),
        (Progress(spent={"tokens": 9.5, "calls": 99.0}), Stop(max_metric={"tokens": 10}), None),
        (Progress(without_metric=1), Stop(metric="t", max_without_metric=2), None),
        (Progress(without_metric=2), Stop(metric="t", max_without_metric=2), "stop.max_without_metric"),
        (Progress(without_metric=9), Stop(metric="t", max_without_metric=0), None),
        (Progress(without_metric=9), Stop(metric="", max_without_metric=2), None),
        (Progress(results=19, successes=0), Stop(success_floor=0.5), None),
        (Progress(results=20, successes=9), Stop(success_floor=0.5), "stop.success_floor"),
        (Progress(results=20, successes=10), Stop(success_floor=0.5), None),
        (Progress(results=20, successes=0), Stop(), None),
    ],
)
def test_a_session_stops_at_its_limits(progress: Progress, stop: Stop, rule: str | None) -> None:
    found = session_stop(progress, stop)
    assert (found.rule if found else None) == rule


def test_a_limit_of_zero_is_off() -> None:
    progress = Progress(
        elapsed_s=1e9, consecutive_failures=99, timeouts={"r": 99}, repeats={"x": 99}, same_failures=99, spent={"t": 99.0}
    )
    off = Stop(max_timeouts_per_run=0, max_repeats=0, same_new_failure=0, max_metric={"t": 0})
    found = [
        session_stop(progress, off),
        run_stop("r", progress, off),
        cluster_stop("x", progress, off),
        attempts_stop(99, off),
    ]
    assert found == [None] * 4


def test_a_stop_names_the_rule_and_the_value_that_it_met() -> None:
    progress = Progress(timeouts={"r": 2}, repeats={"boom": 3})
    assert str(run_stop("r", progress, Stop())) == "stop.max_timeouts_per_run: run r timed out 2 times"
    assert str(cluster_stop("boom", progress, Stop())) == "stop.max_repeats: 3 equal failures: boom"
    assert run_stop("s", progress, Stop()) is None
    assert run_stop("s", progress, Stop(max_timeouts_per_run=1)) is None
    assert cluster_stop("bang", progress, Stop(max_repeats=1)) is None
    assert cluster_stop("", Progress(repeats={"": 9}), Stop(max_repeats=1)) is None


def test_what_happened_once_is_said_so() -> None:
    alike = cluster_stop("boom", Progress(repeats={"boom": 1}), Stop(max_repeats=1))
    late = run_stop("r", Progress(timeouts={"r": 2}), Stop(max_timeouts_per_run=2))
    tried = attempts_stop(1, Stop(max_attempts_per_phase=1))
    over = session_stop(Progress(elapsed_s=60.0), Stop(max_total_minutes=1))
    row = session_stop(Progress(consecutive_failures=1), Stop(max_consecutive_failures=1))
    assert [str(skip) for skip in (over, row)] == [
        "stop.max_total_minutes: 1 minute is over",
        "stop.max_consecutive_failures: 1 failure in a row",
    ]
    assert [str(skip) for skip in (alike, late, tried)] == [
        "stop.max_repeats: 1 equal failure: boom",
        "stop.max_timeouts_per_run: run r timed out 2 times",
        "stop.max_attempts_per_phase: tried once",
    ]
    key = PhaseKey("r", "p")
    backs = [describe_recovered(Recovered(key=key, epoch=1, state="FAILED", orphanings=count)) for count in (1, 2)]
    assert [back.partition("orphaned ")[2] for back in backs] == ["once", "2 times in a row"]


def test_of_several_reasons_to_end_a_session_one_is_told_and_it_is_always_the_same() -> None:
    progress = Progress(
        elapsed_s=90, consecutive_failures=4, same_failures=5, same_failure="boom", results=20, successes=5,
        without_metric=2, spent={"t": 12.5, "u": 9.0},
    )  # fmt: skip
    limits: list[dict[str, Any]] = [
        {"max_total_minutes": 1.5}, {"max_consecutive_failures": 3}, {"same_new_failure": 5}, {"success_floor": 0.5},
        {"metric": "t", "max_without_metric": 2}, {"max_metric": {"u": 9.5, "t": 12.5}},
    ]  # fmt: skip
    told = []
    while limits:
        off = {"same_new_failure": 0}
        told.append(str(session_stop(progress, Stop(**{**off, **{k: v for one in limits for k, v in one.items()}}))))
        limits.pop(0)
    assert told == [
        "stop.max_total_minutes: 1.5 minutes are over",
        "stop.max_consecutive_failures: 4 failures in a row",
        "stop.same_new_failure: the command fails the same way whatever the phase: boom (5 in a row)",
        "stop.success_floor: 25.0% of 20 succeeded, below 50.0%; a new `inv drain` starts the count again",
        "stop.max_without_metric: 2 results in a row reported no 't'",
        "stop.max_metric: 12.5 of 't' were reported, the budget is 12.5; a new `inv drain` has a new budget",
    ]


@pytest.mark.parametrize(
    ("successes", "results", "floor", "told"),
    [
        (124, 250, 0.5, "49.6% of 250 succeeded, below 50.0%"),
        (29, 100, 0.3, "29.0% of 100 succeeded, below 30.0%"),
        (126, 250, 0.505, "50.4% of 250 succeeded, below 50.5%"),
    ],
)
def test_a_rate_below_the_floor_does_not_seem_to_reach_it(successes: int, results: int, floor: float, told: str) -> None:
    found = session_stop(Progress(results=results, successes=successes), Stop(success_floor=floor))
    assert str(found) == f"stop.success_floor: {told}; a new `inv drain` starts the count again"


@pytest.mark.parametrize(("successes", "room"), [(0, 1), (1, 2), (2, 2), (3, 4), (6, 4), (7, 8)])
def test_canaries_double_with_each_row_of_successes(successes: int, room: int) -> None:
    assert canary_room(successes) == room


@pytest.mark.parametrize(("count", "is_stopped"), [(1, False), (2, True), (3, True)])
def test_a_limit_of_two_is_met_by_the_second(count: int, is_stopped: bool) -> None:
    stop = Stop(max_repeats=2, max_timeouts_per_run=2, max_attempts_per_phase=2)
    progress = Progress(timeouts={"r": count}, repeats={"boom": count})
    found = [run_stop("r", progress, stop), cluster_stop("boom", progress, stop), attempts_stop(count, stop)]
    assert [skip is not None for skip in found] == [is_stopped] * 3


def test_a_dead_canary_parks_its_cluster_alone_and_before_the_repeats_of_it_do() -> None:
    progress = Progress(dead_canaries={"boom", ""}, repeats={"boom": 9, "bang": 9})
    assert str(cluster_stop("boom", progress, Stop())) == "stop.canary: its canary failed: boom"
    assert str(cluster_stop("bang", progress, Stop())).startswith("stop.max_repeats: ")
    assert cluster_stop("", progress, Stop()) is None
    assert cluster_stop("fizz", progress, Stop()) is None
