"""The pure deciders: states, stop conditions, retries, time limits, dependencies."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.settings import Dependency, Retry, Stop, Timeout
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.liveness import describe_recovered
from batchdrain.drain.retry import full_jitter, retry_after
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import TimeLimit
from batchdrain.model.errors import ConfigError
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.model.states import NEXT, IllegalTransition, Outcome, PhaseState, next_state
from batchdrain.planning.dependencies import waits_for
from batchdrain.planning.limits import TimeLimits, percentile_95, time_limit
from batchdrain.planning.stop import Progress, attempts_stop, cluster_stop, run_stop, session_stop
from batchdrain.runtime import clock

PHASE = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED)
FAILED = Attempt(
    phase=PHASE, epoch=1, attempt=1, outcome=Outcome.FAILED, final_state="FAILED", reason="x", failure=Failure("x", "transient"),
    exit_code=75, signal=None, started_at=clock.now(), ended_at=clock.now(), duration_s=1.0,
    limit=TimeLimit(seconds=1, rule=""), stdout_path="", stderr_path="",
)  # fmt: skip


@pytest.mark.parametrize(("state", "outcome"), list(itertools.product(PhaseState, Outcome)))
def test_every_pair_of_state_and_outcome_is_a_transition_or_refused(state: PhaseState, outcome: Outcome) -> None:
    waits = state in {PhaseState.FAILED, PhaseState.QUEUED}
    if not waits or outcome is Outcome.MOVED:
        with pytest.raises(IllegalTransition):
            next_state(state, outcome)
        return
    given_back = outcome in {Outcome.RELEASED, Outcome.ORPHANED, Outcome.NOT_STARTED, Outcome.REFUSED}
    expected = state if given_back else PhaseState.COMPLETE if outcome is Outcome.COMPLETE else PhaseState.FAILED
    assert NEXT[(state, outcome)] is next_state(state, outcome) is expected


@pytest.mark.parametrize(
    ("progress", "stop", "rule"),
    [
        (Progress(elapsed_s=59), Stop(max_total_minutes=1), None),
        (Progress(elapsed_s=60), Stop(max_total_minutes=1), "stop.max_total_minutes"),
        (Progress(elapsed_s=1e9), Stop(), None),
        (Progress(consecutive_failures=3), Stop(max_consecutive_failures=3), "stop.max_consecutive_failures"),
        (Progress(consecutive_failures=2), Stop(max_consecutive_failures=3), None),
    ],
)
def test_a_session_stops_at_its_limits(progress: Progress, stop: Stop, rule: str | None) -> None:
    found = session_stop(progress, stop)
    assert (found.rule if found else None) == rule


def test_a_limit_of_zero_is_off() -> None:
    progress = Progress(elapsed_s=1e9, consecutive_failures=99, timeouts={"r": 99}, repeats={"x": 99})
    off = Stop(max_timeouts_per_run=0, max_repeats=0)
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
    assert str(cluster_stop("boom", progress, Stop())) == "stop.max_repeats: failed 3 times alike: boom"
    assert run_stop("s", progress, Stop()) is None
    assert cluster_stop("", Progress(repeats={"": 9}), Stop()) is None


@pytest.mark.parametrize(
    ("attempt", "executions", "retried"),
    [
        (FAILED, 1, True),
        (FAILED, 2, False),
        (replace(FAILED, failure=Failure("x", "other")), 1, False),
        (replace(FAILED, outcome=Outcome.TIMEOUT), 1, False),
        (replace(FAILED, outcome=Outcome.COMPLETE), 1, False),
        (replace(FAILED, outcome=Outcome.MOVED), 1, False),
    ],
)
def test_only_transient_failures_are_tried_again_and_not_for_ever(attempt: Attempt, executions: int, retried: bool) -> None:
    assert (retry_after(attempt, executions, Retry(max_attempts=2)) is not None) is retried


def test_a_command_that_asks_for_time_is_tried_again_at_once() -> None:
    assert retry_after(replace(FAILED, wants_more_time=True), 1, Retry()) == 0.0


@given(st.integers(1, 40), st.floats(0, 100), st.floats(0, 1000))
def test_the_wait_is_full_jitter_below_the_exponential_and_the_cap(executions: int, initial_s: float, max_s: float) -> None:
    wait = full_jitter(executions, Retry(initial_s=initial_s, max_s=max_s))
    assert 0 <= wait <= min(max_s, initial_s * 2 ** (executions - 1))


def _limit(durations: list[float], timeout: Timeout | None = None, **more: object) -> TimeLimit:
    return time_limit(durations, timeout or Timeout(), kind="run type 't'", **{"after_timeout": False, **more})  # type: ignore[arg-type]


def test_the_default_limit_holds_until_five_durations_are_known() -> None:
    assert _limit([100.0] * 4) == TimeLimit(seconds=600, rule="timeout.default_s")
    assert _limit([100.0] * 5).seconds == 300
    assert _limit([100.0] * 5, Timeout(adaptive=False)).seconds == 600


def test_the_limit_stays_between_its_bounds_and_says_which_one_held() -> None:
    assert _limit([1.0] * 5) == TimeLimit(seconds=30, rule="timeout.min_s, above 3 x p95 of 5 durations of run type 't'")
    assert _limit([9999.0] * 5).rule.startswith("timeout.max_s")


def test_the_limit_is_doubled_after_a_timeout_and_when_asked_but_capped() -> None:
    assert _limit([100.0] * 5, after_timeout=True).seconds == 600
    assert _limit([100.0] * 5, longer=2).seconds == 1200
    assert _limit([100.0] * 5, longer=20).seconds == 3600
    assert _limit([], Timeout(default_s=5, adaptive=False), after_timeout=True).seconds == 5


def test_the_limit_is_learnt_by_run_type_and_category_and_else_by_run_type_alone() -> None:
    known = {("default", None): [100.0] * 9, ("default", "patch"): [20.0] * 5, ("default", "other"): [20.0] * 4}
    limits = TimeLimits(lambda *asked: known.get(asked, []), Timeout(), lambda _: "default")
    phase = replace(PHASE, failure=Failure("x", "patch"))
    assert limits.of(phase) == TimeLimit(seconds=60, rule="3 x p95 of 5 durations of run type 'default' after patch failures")
    assert limits.of(replace(phase, failure=Failure("x", "other"))).seconds == 300
    assert limits.of(replace(phase, failure=Failure("x", "timeout"))).seconds == 600


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_the_95th_percentile_is_not_exceeded_by_95_percent(values: list[float]) -> None:
    found = percentile_95(values)
    assert found in values
    assert sum(value <= found for value in values) >= 0.95 * len(values)
    assert sum(value < found for value in values) < 0.95 * len(values)


def test_a_run_waits_while_an_upstream_run_has_unfinished_phases() -> None:
    rules = [Dependency(run="release-*", after=["build-*"])]
    assert waits_for({"release-1": 2, "build-1": 1, "build-2": 0}, rules) == {"release-1": "build-1"}
    assert waits_for({"release-1": 2, "build-1": 0}, rules) == {}


@pytest.mark.parametrize(
    ("rules", "cycle"),
    [
        ([("a", "b"), ("b", "c"), ("c", "a")], "a -> b -> c -> a"),
        ([("a", "a")], "a -> a"),
        ([("*", "b")], "b -> b"),
    ],
)
def test_a_cycle_is_refused_and_named(rules: list[tuple[str, str]], cycle: str) -> None:
    unfinished = {"a": 1, "b": 1, "c": 1}
    with pytest.raises(ConfigError, match=cycle):
        waits_for(unfinished, [Dependency(run=run, after=[after]) for run, after in rules])


def test_what_happened_once_is_said_so() -> None:
    alike = cluster_stop("boom", Progress(repeats={"boom": 1}), Stop(max_repeats=1))
    late = run_stop("r", Progress(timeouts={"r": 2}), Stop(max_timeouts_per_run=2))
    tried = attempts_stop(1, Stop(max_attempts_per_phase=1))
    assert [str(skip) for skip in (alike, late, tried)] == [
        "stop.max_repeats: failed once alike: boom",
        "stop.max_timeouts_per_run: run r timed out 2 times",
        "stop.max_attempts_per_phase: tried once",
    ]
    key = PhaseKey("r", "p")
    backs = [describe_recovered(Recovered(key=key, epoch=1, state="FAILED", orphanings=count)) for count in (1, 2)]
    assert [back.partition("orphaned ")[2] for back in backs] == ["once", "2 times in a row"]
