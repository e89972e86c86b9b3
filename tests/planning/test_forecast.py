"""What is expected of a drain, from what the ledger says of such phases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batchdrain.config.settings import Settings
from batchdrain.config.timeout_settings import Timeout
from batchdrain.database.ledger.history import Past
from batchdrain.database.phases.pages import Row
from batchdrain.failures import fingerprint
from batchdrain.model.failure_change import FailureChange
from batchdrain.model.retry_stats import RetryCount, RetryStats
from batchdrain.planning.filters import Filters
from batchdrain.planning.forecast import ENOUGH, LARGEST, Forecast, _interval_of, make_forecast, to_look_at
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.skip_rules import SkipRules
from tests.planning.backlogs import NOW, REASONS, ROWS, backlog_of

COUNTS = st.builds(
    lambda fixed, failed: RetryCount(fixed + failed, fixed, 60.0 * fixed, 30.0 * failed),
    st.integers(0, 60), st.integers(0, 60),
)  # fmt: skip


def rows(count: int, reason: str | None, runs: int = 10) -> list[Row]:
    return [Row(run_id=f"r{n % runs}", phase_id=f"p{n:04}", phase_index=n, reason=reason) for n in range(count)]


def known(fixed: int, failed: int, category: str = "other", fixed_s: float = 60.0) -> RetryStats:
    count = RetryCount(fixed + failed, fixed, fixed_s * fixed, 30.0 * failed)
    reason = REASONS[category]
    return RetryStats(
        categories={category: count},
        fingerprints={fingerprint(reason): count} if reason else {},
        changes=as_before(failed, category),
    )


def as_before(failed: int, category: str) -> dict[FailureChange, int]:
    mark = fingerprint(REASONS[category])
    return {FailureChange(category, mark, mark): failed} if mark else {}


def foreseen(
    waiting: Sequence[Row], stats: RetryStats, *, most: int | None = 25, state: str = "failed", **given_settings: Any
) -> Forecast | None:
    asked = Settings(**given_settings)
    backlog = backlog_of(waiting, rules=SkipRules(filters=Filters(), settings=asked, past=Past(retry_stats=stats)))
    backlog.refresh(NOW)
    limits = TimeLimits(lambda run_type, category: [], Timeout(), lambda run_id: "default")
    return make_forecast(backlog.look_ahead(to_look_at(most), NOW), asked, limits, most=most)


def surely(told: Forecast | None) -> Forecast:
    assert told is not None
    return told


@pytest.mark.parametrize(
    ("stats", "count", "most"),
    [
        (RetryStats(), 25, 25),
        (known(ENOUGH - 1, 0), 25, 25),
        (known(80, 20, "patch"), 25, 25),
        (known(80, 20), 0, 25),
        (known(80, 20), LARGEST + 1, None),
    ],
    ids=["an empty ledger", "too few attempts", "attempts on other categories", "nothing to drain", "too large a drain"],
)
def test_nothing_is_said_where_nothing_is_known(stats: RetryStats, count: int, most: int | None) -> None:
    assert foreseen(rows(count, "boom"), stats, most=most) is None


def test_something_is_said_once_the_ledger_has_enough_attempts_for_more_than_half_of_the_phases() -> None:
    half = [*rows(12, "boom"), *(Row(run_id="x", phase_id=f"q{n}", phase_index=n, reason=None) for n in range(12))]
    more = [*half, Row(run_id="y", phase_id="q", phase_index=0, reason="boom")]
    assert foreseen(half, known(ENOUGH, 0)) is None
    assert surely(foreseen(more, known(ENOUGH, 0))).planned == 25


def test_of_a_hopeless_cluster_about_none_is_fixed_and_no_more_is_executed_than_until_it_is_parked() -> None:
    told = surely(foreseen(rows(25, "boom"), known(0, 200)))
    assert told.fixed_high <= 1
    assert told.minutes_high < 25 * 0.5 / 2, "three failures park it: most of the 25 half minutes are never spent"
    assert surely(foreseen(rows(25, "boom"), known(0, 200), stop={"max_repeats": 0})).minutes > 25 * 0.5 / 2


def test_the_same_ledger_and_the_same_phases_give_the_same_words() -> None:
    assert foreseen(rows(40, None), known(30, 30, "unknown")) == foreseen(rows(40, None), known(30, 30, "unknown"))


def test_more_is_expected_of_phases_whose_like_were_fixed_more_often_and_faster() -> None:
    told = [surely(foreseen(rows(25, None), known(fixed, 100 - fixed, "unknown"))) for fixed in (10, 40, 70, 95)]
    assert [one.fixed for one in told] == sorted({one.fixed for one in told})
    slow, fast = (surely(foreseen(rows(25, None), known(90, 10, "unknown", took))) for took in (120.0, 6.0))
    assert (slow.minutes_low > fast.minutes_low, slow.minutes > fast.minutes_high) == (True, True)


def test_an_interval_is_narrower_with_more_attempts_and_wider_where_failures_share_their_fate() -> None:
    def width(waiting: Sequence[Row], stats: RetryStats) -> int:
        told = surely(foreseen(waiting, stats, stop={"max_repeats": 0}))
        return told.fixed_high - told.fixed_low

    few, many = width(rows(25, None), known(10, 10, "unknown")), width(rows(25, None), known(500, 500, "unknown"))
    assert many < few
    of_category = RetryStats(categories={"other": RetryCount(1000, 500, 30_000.0, 30_000.0)})
    assert width(rows(25, "boom"), of_category) > many, "one new cluster: all of it may be hopeless, or all of it good"


@pytest.mark.parametrize("count", [100, 101, 199, 200])
def test_as_many_draws_lie_below_an_interval_as_above_it(count: int) -> None:
    low, median, high = _interval_of(list(range(count))[::-1])
    assert (low, count - 1 - high, median) == (count // 10, count // 10, count // 2)


@pytest.mark.parametrize(("workers", "runs"), [(4, 25), (4, 1)])
def test_minutes_are_by_the_clock(workers: int, runs: int) -> None:
    alone = surely(foreseen(rows(24, None, runs), known(900, 100, "unknown")))
    together = surely(foreseen(rows(24, None, runs), known(900, 100, "unknown"), workers=workers))
    assert together.fixed == pytest.approx(alone.fixed, abs=1)
    if runs == 1:
        assert together.minutes == pytest.approx(alone.minutes, rel=0.1), "phases of one run never run side by side"
    else:
        assert together.minutes < alone.minutes / 2


def test_minutes_are_no_fewer_than_the_pace_allows() -> None:
    """Of 24 phases the last begins 23 intervals after the first, however many workers there are."""
    stats = known(900, 100, "unknown", fixed_s=1.0)
    free = surely(foreseen(rows(24, None, 24), stats, workers=24))
    paced = surely(foreseen(rows(24, None, 24), stats, workers=24, command={"argv": ["true"], "runs_per_minute": 2}))
    assert free.minutes < 1
    assert 11.5 <= paced.minutes_low <= paced.minutes < 12.5
    assert paced.fixed == pytest.approx(free.fixed, abs=1)


def test_stop_conditions_that_end_a_session_are_foreseen() -> None:
    stats = known(500, 500, "unknown")
    cut = surely(foreseen(rows(25, None), stats, stop={"max_total_minutes": 5.0}))
    assert cut.minutes < 8
    assert cut.fixed < surely(foreseen(rows(25, None), stats)).fixed


@pytest.mark.parametrize(
    "stop",
    [
        {"max_timeouts_per_run": 2},
        {"max_consecutive_failures": 2},
        {"success_floor": 0.5, "success_floor_after": 2},
        {"max_repeats": 2},
    ],
    ids=lambda stop: next(iter(stop)),
)
def test_each_stop_condition_that_looks_at_failures_is_foreseen(stop: dict[str, Any]) -> None:
    """Of 25 hopeless phases of one run two are executed."""
    category = "timeout" if "max_timeouts_per_run" in stop else "other"
    took_s = 10_000.0 if category == "timeout" else 30.0
    stats = RetryStats(categories={category: RetryCount(200, 0, 0.0, 200 * took_s)}, changes=as_before(200, category))
    waiting = rows(25, REASONS[category], runs=1)
    whole, cut = (
        surely(foreseen(waiting, stats, stop={"max_repeats": 0, "max_timeouts_per_run": 0, **more})) for more in ({}, stop)
    )
    assert cut.minutes <= whole.minutes * 3 / 25


@settings(max_examples=25, deadline=None)
@given(
    waiting=ROWS,
    counts=st.dictionaries(st.sampled_from(list(REASONS)), COUNTS),
    most=st.none() | st.integers(1, 30),
    workers=st.integers(1, 5),
)
def test_intervals_are_in_order_and_within_what_is_planned(
    waiting: list[Row], counts: dict[str, RetryCount], most: int | None, workers: int
) -> None:
    stats = RetryStats(
        categories=counts, fingerprints={fingerprint(REASONS[name]): count for name, count in counts.items() if REASONS[name]}
    )
    told = foreseen(waiting, stats, most=most, workers=workers)
    if told is not None:
        assert told.planned == min(len(waiting), len(waiting) if most is None else most)
        assert 0 <= told.fixed_low <= told.fixed <= told.fixed_high <= told.planned
        assert 0 <= told.minutes_low <= told.minutes <= told.minutes_high


def test_a_look_ahead_leaves_the_backlog_as_it_was() -> None:
    backlog, other = backlog_of(rows(30, "boom", 3)), backlog_of(rows(30, "boom", 3))
    for one in (backlog, other):
        one.refresh(NOW)
    looked = [phase.key for phase in backlog.look_ahead(100, NOW).phases]
    chosen = [choice.phase.key for choice in iter(lambda: backlog.next(NOW), None)]
    assert looked == chosen == [choice.phase.key for choice in iter(lambda: other.next(NOW), None)]


STATS = RetryStats(
    categories={"other": RetryCount(100, 60, 3600.0, 1200.0), "timeout": RetryCount(30, 9, 500.0, 9000.0)},
    fingerprints={fingerprint("boom"): RetryCount(20, 12, 600.0, 300.0)}, runs={"r1": RetryCount(9, 2, 60.0, 60.0)},
    changes=as_before(40, "other"),
)  # fmt: skip
WAITING = [
    *rows(30, "boom"),
    *(Row(run_id=f"t{n}", phase_id="p", phase_index=n, reason=REASONS["timeout"]) for n in range(6)),
]


@pytest.mark.parametrize(
    ("waiting", "most", "told"),
    [
        (WAITING, None, (36, 5, 2, 11, 13.564, 2.723, 53.269)),
        (WAITING, 20, (20, 6, 1, 12, 14.031, 2.985, 60.562)),
        (rows(400, "boom"), 400, (400, 3, 0, 11, 3.938, 0.465, 22.556)),
    ],
    ids=["all", "some", "as many as are drawn less often"],
)
def test_a_forecast_is_the_same_on_every_machine(waiting: list[Row], most: int | None, told: tuple[float, ...]) -> None:
    """Another one is one that somebody means, who changed a figure of the model."""
    assert astuple(surely(foreseen(waiting, STATS, most=most))) == pytest.approx(told, abs=0.01)


@pytest.mark.parametrize(("most", "count"), [(None, 500), (10, 60), (50, 100), (60, 120), (500, 1000), (501, 500)])
def test_as_many_phases_behind_the_batch_are_looked_at_as_may_move_up(most: int | None, count: int) -> None:
    assert to_look_at(most) == count
    assert (ENOUGH, LARGEST) == (20, 500)
