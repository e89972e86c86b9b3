"""When a drain is done, as far as durations tell."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.model.retry_stats import NOTHING, RetryCount
from batchdrain.planning.eta import Eta, Remaining, estimate, expected_s

HOUR = 3600.0


def left(**facts: Any) -> Remaining:
    return Remaining(**{"attempt_s": 60.0, **facts})


@pytest.mark.parametrize(
    ("remaining", "seconds"),
    [
        (left(pending=14), 14 * 60),
        (left(pending=14, workers=7), 2 * 60),
        (left(pending=15, workers=7), 3 * 60),
        (left(pending=1, running=[(20, 600)], workers=2), 60),
        (left(pending=1, running=[(20, 600)]), 40 + 60),
        (left(running=[(20, 600), (50, 600)], workers=2), 40),
        (left(pending=10, tries=1.5), 10 * 90),
        (left(retries_s=[300.0]), 300 + 60),
        (left(pending=2, held_s=120.0), 120 + 2 * 60),
        (left(pending=4, workers=4, interval_s=30.0), 3 * 30 + 60),
        (left(pending=2, tries=1.5, retries_s=[0.0, 0.0]), 2 * 90 + 2 * 60),
        (left(pending=2, tries=1.5, retries_s=[0.0, 0.0], workers=2), 2 * 75),
    ],
    ids=[
        "one after the other", "side by side", "a last round", "beside what runs", "after what runs", "what runs",
        "phases that are tried again", "a retry that waits", "a pause of an outage", "a pace",
        "retries, which are no phases, beside phases", "the same side by side",
    ],
)  # fmt: skip
def test_what_is_left_takes_so_long(remaining: Remaining, seconds: float) -> None:
    assert estimate(remaining).seconds == pytest.approx(seconds, abs=0.5)


def test_nothing_is_left_only_where_nothing_waits_and_nothing_runs() -> None:
    assert estimate(left()) == Eta(0.0)


def test_a_command_that_runs_for_longer_than_others_may_go_on_up_to_its_limit() -> None:
    assert estimate(left(running=[(500, 600)])).seconds == 15.0
    assert estimate(left(running=[(595, 600)])).seconds == 5.0


def test_without_any_duration_nobody_knows() -> None:
    assert estimate(left(attempt_s=None, pending=3)) == Eta(None)
    assert expected_s(NOTHING, 0, 0.0) is None


def test_a_pause_that_somebody_asked_for_lasts_nobody_knows_how_long() -> None:
    assert estimate(left(pending=3, is_paused=True)).seconds is None
    assert estimate(left(running=[(20, 600)], is_paused=True)).seconds == 40


def test_an_outage_makes_it_the_least_that_it_takes() -> None:
    assert estimate(left(pending=3, in_outage=True)).is_least


def test_the_minutes_of_a_drain_end_it_with_what_runs_then() -> None:
    found = estimate(left(pending=100, left_s=600.0))
    assert (found.seconds, found.is_cut) == (660.0, True)
    assert not estimate(left(pending=9, left_s=600.0)).is_cut


@pytest.mark.parametrize(
    ("before", "count", "seconds", "mean"),
    [
        (RetryCount(50, 25, 1500.0, 1500.0), 0, 0.0, 60.0),
        (RetryCount(50, 25, 1500.0, 1500.0), 10, 200.0, 40.0),
        (NOTHING, 2, 30.0, 15.0),
        (RetryCount(1, 1, 100.0, 0.0), 9, 0.9, 10.09),
    ],
    ids=["the ledger alone", "as much of each", "the session alone", "little in the ledger"],
)
def test_an_attempt_takes_what_the_ledger_and_the_session_know(
    before: RetryCount, count: int, seconds: float, mean: float
) -> None:
    assert expected_s(before, count, seconds) == pytest.approx(mean)


_SECONDS = st.floats(min_value=0, max_value=HOUR)


@given(
    st.builds(
        Remaining,
        attempt_s=_SECONDS,
        pending=st.integers(0, 100_000),
        tries=st.floats(1, 3),
        running=st.lists(st.tuples(_SECONDS, _SECONDS), max_size=64),
        retries_s=st.lists(_SECONDS, max_size=9),
        workers=st.integers(1, 64),
        held_s=_SECONDS,
        interval_s=_SECONDS,
        left_s=st.one_of(_SECONDS, st.just(math.inf)),
        in_outage=st.booleans(),
    )
)
def test_it_is_never_none_at_all_while_something_waits(remaining: Remaining) -> None:
    seconds = estimate(remaining).seconds
    assert seconds is not None
    assert math.isfinite(seconds)
    if remaining.pending or remaining.retries_s or remaining.running:
        assert seconds >= 1.0


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (Remaining(attempt_s=10.0, pending=12, running=[(0.0, 100.0)], workers=2), 70.0),
        (Remaining(attempt_s=100.0, pending=1, running=[(20.0, 1000.0), (50.0, 1000.0), (90.0, 1000.0)], workers=1), 125.0),
        (Remaining(attempt_s=10.0, retries_s=[100.0, 3.0], workers=2), 110.0),
        (Remaining(attempt_s=10.0, pending=1), 10.0),
    ],
    ids=["one begins later", "the first that ends", "the last retry", "one"],
)
def test_the_last_one_ends_when_whoever_is_free_first_has_done_it(left: Remaining, seconds: float) -> None:
    found = estimate(left)
    assert found.seconds == pytest.approx(seconds)
    assert (found.is_least, found.is_cut) == (False, False)


@pytest.mark.parametrize(("left_s", "is_cut"), [(20.0, False), (19.9, True)])
def test_what_begins_at_the_last_moment_is_not_cut(left_s: float, is_cut: bool) -> None:
    assert estimate(Remaining(attempt_s=10.0, pending=1, held_s=20.0, left_s=left_s)).is_cut is is_cut


@pytest.mark.parametrize(
    ("remaining", "seconds"),
    [
        (left(pending=10, attempt_s=0.5), 5.0),
        (left(pending=1, workers=0), 60.0),
        (left(attempt_s=100.0, pending=3, running=[(20, 1000), (50, 1000), (90, 1000)]), 325.0),
    ],
    ids=["short ones", "nobody is left", "more run than there are workers"],
)
def test_the_rest_takes_as_long_as_the_workers_that_are_left_need(remaining: Remaining, seconds: float) -> None:
    assert estimate(remaining).seconds == pytest.approx(seconds, abs=0.01)


@pytest.mark.parametrize(("left_s", "is_cut"), [(9.9, True), (10.0, False)])
def test_the_last_attempt_of_a_phase_that_is_tried_again_may_begin_until_the_end(left_s: float, is_cut: bool) -> None:
    assert estimate(left(pending=1, tries=2.0, attempt_s=10.0, left_s=left_s)).is_cut is is_cut
