"""The time limit of a phase, and by which rule it holds."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.config.timeout_settings import Timeout
from batchdrain.model.claim import TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.limits import TimeLimits, percentile_95, time_limit


def _limit(durations: list[float], timeout: Timeout | None = None, **more: object) -> TimeLimit:
    return time_limit(durations, timeout or Timeout(), kind="run type 't'", **{"after_timeout": False, **more})  # type: ignore[arg-type]


def test_the_default_limit_holds_until_five_durations_are_known() -> None:
    assert _limit([100.0] * 4) == TimeLimit(seconds=600, rule="timeout.default_s")
    assert _limit([100.0] * 5).seconds == 300
    assert _limit([100.0] * 5, Timeout(adaptive=False)).seconds == 600


def test_the_limit_stays_between_its_bounds_and_says_which_one_held() -> None:
    assert _limit([1.0] * 5) == TimeLimit(seconds=30, rule="timeout.min_s, above 3 x p95 of 5 durations of run type 't'")
    assert _limit([9999.0] * 5).rule.startswith("timeout.max_s")


def test_each_number_of_a_limit_is_told_by_who_set_it() -> None:
    timeout = Timeout().with_sources({"default_s": "--phase-timeout", "min_s": "MIN", "max_s": "MAX"})
    assert _limit([], timeout).rule == "--phase-timeout"
    assert _limit([1.0] * 5, timeout).rule == "MIN, above 3 x p95 of 5 durations of run type 't'"
    assert _limit([9999.0] * 5, timeout).rule == "MAX, below 3 x p95 of 5 durations of run type 't'"
    assert (
        _limit([], timeout, longer=9).rule
        == "--phase-timeout, 512 times that because the command asked for time, but at most MAX"
    )
    assert _limit([], timeout, after_timeout=True).rule == "--phase-timeout, doubled after a timeout"


def test_the_limit_is_doubled_after_a_timeout_and_when_asked_but_capped() -> None:
    assert _limit([100.0] * 5, after_timeout=True).seconds == 600
    assert _limit([100.0] * 5, longer=2).seconds == 1200
    assert _limit([100.0] * 5, longer=20).seconds == 3600
    assert _limit([], Timeout(default_s=5, adaptive=False), after_timeout=True).seconds == 5


def test_the_limit_is_learnt_by_run_type_and_category_and_else_by_run_type_alone() -> None:
    known = {("default", None): [100.0] * 9, ("default", "patch"): [20.0] * 5, ("default", "other"): [20.0] * 4}
    limits = TimeLimits(lambda *asked: known.get(asked, []), Timeout(), lambda _: "default")
    phase = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED, failure=Failure("x", "patch"))
    assert limits.of(phase) == TimeLimit(seconds=60, rule="3 x p95 of 5 durations of run type 'default' after patch failures")
    assert limits.of(replace(phase, failure=Failure("x", "other"))).seconds == 300
    assert limits.of(replace(phase, failure=Failure("x", "timeout"))).seconds == 600


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_the_95th_percentile_is_not_exceeded_by_95_percent(values: list[float]) -> None:
    found = percentile_95(values)
    assert found in values
    assert sum(value <= found for value in values) >= 0.95 * len(values)
    assert sum(value < found for value in values) < 0.95 * len(values)


@pytest.mark.parametrize(
    ("count", "rank"), [(1, 1), (5, 5), (19, 19), (20, 19), (21, 20), (40, 38), (100, 95), (101, 96), (200, 190)]
)
def test_the_95th_percentile_is_the_nearest_rank(count: int, rank: int) -> None:
    """Where 95 % of the values are a whole number of them, the next one is one too many."""
    assert percentile_95([float(value) for value in range(count, 0, -1)]) == rank


def test_a_limit_that_is_above_the_longest_learnt_one_is_neither_doubled_nor_cut() -> None:
    """`default_s` is set by hand: a command that asks for more time must not get less."""
    by_hand = Timeout(default_s=7200, max_s=3600)
    assert _limit([], by_hand, longer=1).seconds == 7200
    assert _limit([], by_hand, after_timeout=True).seconds == 7200
    assert _limit([], Timeout(default_s=3000, max_s=3600), longer=1).seconds == 3600


def test_how_long_a_timed_out_phase_may_take_is_not_learnt_from_others_that_had_timed_out() -> None:
    known = {("default", None): [100.0] * 9, ("default", "timeout"): [20.0] * 9}
    asked: list[tuple[str, str | None]] = []

    def durations(run_type: str, category: str | None) -> list[float]:
        asked.append((run_type, category))
        return known.get((run_type, category), [])

    phase = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED, failure=Failure("x", "timeout"))
    found = TimeLimits(durations, Timeout(), lambda _: "default").of(phase)
    assert found == TimeLimit(seconds=600, rule="3 x p95 of 9 durations of run type 'default', doubled after a timeout")
    assert asked == [("default", None)]


def test_durations_are_read_once_until_they_are_forgotten() -> None:
    asked: list[str] = []

    def durations(run_type: str, category: str | None) -> list[float]:
        asked.append(f"{run_type} {category}")
        return [float(len(asked) * 100)] * 5

    limits = TimeLimits(durations, Timeout(), lambda run_id: run_id)
    phase = Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED, failure=Failure("x", "patch"))
    first = limits.of(phase)
    assert limits.of(phase) == first
    assert asked == ["r None", "r patch"]
    limits.forget()
    assert limits.of(phase) != first


def test_what_ends_the_limit_in_a_reason_is_one_bracket_whatever_a_run_type_is_called() -> None:
    told = TimeLimit(seconds=90.5, rule="3 x p95 of 5 durations of run type 'a (b) [c]'").reason
    assert told == "Timed out after 90.5 s (limit: 3 x p95 of 5 durations of run type 'a [b] [c]')"
    assert TimeLimit(seconds=600.0, rule="timeout.default_s").reason == "Timed out after 600 s (limit: timeout.default_s)"


@pytest.mark.parametrize(("each_s", "seconds"), [(10.0, 30.0), (1200.0, 3600.0), (11.2345678, 33.704)])
def test_a_bound_that_is_just_met_is_not_what_sets_the_limit(each_s: float, seconds: float) -> None:
    assert _limit([each_s] * 5) == TimeLimit(seconds=seconds, rule="3 x p95 of 5 durations of run type 't'")


def test_what_is_known_of_durations_is_that_of_whole_run_types() -> None:
    known = {("r", None): [1.0, 2.0], ("r", "patch"): [9.0] * 5, ("s", None): [3.0]}
    limits = TimeLimits(lambda *asked: known.get(asked, []), Timeout(), lambda run_id: run_id)
    assert limits.known_s == []
    limits.of(Phase(run_id="r", phase_id="p", phase_index=0, state=PhaseState.FAILED, failure=Failure("x", "patch")))
    assert (limits.completed_s("s"), limits.known_s) == ([3.0], [1.0, 2.0, 3.0])
    fixed = TimeLimits(lambda *asked: known.get(asked, []), Timeout(adaptive=False), lambda run_id: run_id)
    assert (fixed.completed_s("s"), fixed.known_s) == ((), [])


@pytest.mark.parametrize(
    ("default_s", "rule"),
    [(1800, "timeout.default_s, doubled after a timeout"), (1801, "timeout.default_s, doubled after a timeout, but at most timeout.max_s")],
)  # fmt: skip
def test_a_doubled_limit_that_just_fits_was_cut_by_nothing(default_s: float, rule: str) -> None:
    found = _limit([], Timeout(default_s=default_s, max_s=3600), after_timeout=True)
    assert found == TimeLimit(seconds=3600, rule=rule)
