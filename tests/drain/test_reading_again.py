"""Each reading of the backlog looks at what changed since: durations, dead controllers, and what rules leave out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import refresh as room
from batchdrain.drain.refresh import Refresh
from batchdrain.model.errors import ConfigError, DatabaseUnavailable
from batchdrain.model.phase import Skip

SETTINGS = Settings.model_validate({"refresh_s": 30, "lease": {"ttl_s": 120}})


class Reading:
    """A refresh whose parts note what is asked of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now, self.asked, self.new, self.fails = 1_000.0, list[str](), True, False
        patch.setattr(room, "monotonic", lambda: self.now)
        self.skipped: Counter[Skip] = Counter()
        self.told: list[Skip] = []
        backlog = SimpleNamespace(
            skipped=self.skipped,
            remainder="what it came to",
            read_s=0.0,
            refresh=lambda _: self.asked.append("backlog"),
            refresh_in_slices=self._read_slowly,
        )
        self.backlog = backlog
        limits = SimpleNamespace(forget=lambda: self.asked.append("limits"))
        recorder = SimpleNamespace(
            settle=lambda: self.asked.append("settle"),
            recovered=lambda back: self.asked.append(f"recovered {back}"),
            noted=lambda found: self.asked.append(f"noted {found}"),
            skipped=self._skipped,
            notice=self._note,
            has_told_of=lambda skip: skip in self.told,
        )
        outage = SimpleNamespace(retry=lambda work, meanwhile: work())
        parts: list[Any] = [backlog, limits, recorder, outage, lambda: ["r / p"], SETTINGS]
        self.refresh = Refresh(*parts)

    def _read_slowly(self, now: Callable[[], datetime]) -> Iterator[None]:
        for number in range(3):
            self.asked.append(f"slice {number}")
            yield
        if self.fails:
            raise DatabaseUnavailable("the database is away", remedy="wait")
        self.asked.append("taken over")

    def _note(self, text: str) -> None:
        self.asked.append(text)

    def _skipped(self, skip: Skip, text: str | None, *, count: int, keep: bool) -> bool:
        self.asked.append(f"{skip.rule} {count}{' kept' if keep else ''}")
        return self.new

    def read(self) -> list[str]:
        self.asked.clear()
        self.refresh.read()
        return self.asked[:]


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    return Reading(monkeypatch)


def test_durations_are_learnt_anew_with_each_reading_behind_what_was_told(reading: Reading) -> None:
    assert reading.read() == ["settle", "backlog", "settle", "limits", "noted what it came to"]


def test_what_dead_controllers_hold_is_given_back_before_a_reading_once_a_lease(reading: Reading) -> None:
    reading.now += 119
    assert "recovered r / p" not in reading.read()
    reading.now += 1
    assert reading.read()[:3] == ["settle", "recovered r / p", "backlog"]
    reading.now += 119
    assert "recovered r / p" not in reading.read()


def test_a_reading_is_due_after_its_time_and_not_before(reading: Reading) -> None:
    assert not reading.refresh.is_due
    reading.now += 29.9
    assert not reading.refresh.is_due
    reading.now += 0.1
    assert reading.refresh.is_due
    reading.read()
    assert not reading.refresh.is_due


def test_what_is_new_is_told_once_a_rule_and_the_users_own_filters_are_not(reading: Reading) -> None:
    reading.skipped.update(
        {
            Skip("stop.max_repeats", "a"): 3,
            Skip("stop.max_repeats", "b"): 4,
            Skip("--exclude-run", "x"): 5,
            Skip("already attempted", "in this session"): 6,
            Skip("--plan", "changed since: r / p is no longer failed"): 1,
        }
    )
    asked = reading.read()
    assert "--exclude-run 5" in asked
    assert "stop.max_repeats 3" in asked
    assert asked.count("noted what it came to") == 1, "the summary has what was left out with the reading, not one by one"
    notices = [line for line in asked if " skipped by " in line or line.startswith("--plan: ")]
    assert notices == ["--plan: changed since: r / p is no longer failed", "7 skipped by stop.max_repeats: a; b"]
    assert not any(line.startswith("already attempted") for line in asked)
    reading.new = False
    assert [line for line in reading.read() if " skipped by " in line] == []
    assert cast("Any", reading.skipped).total() == 19


def test_the_more_a_reading_costs_the_more_seldom_it_is_due(reading: Reading) -> None:
    reading.backlog.read_s = 10.0
    reading.now += 199.9
    assert not reading.refresh.is_due
    reading.now += 0.2
    assert reading.refresh.is_due


def test_the_reading_before_the_first_phase_counts_among_those_of_a_drain(reading: Reading) -> None:
    reading.backlog.read_s = 10.0
    reading.refresh.tell()
    times = []
    for _ in range(3):
        reading.now += reading.refresh.due_in_s
        times.append(reading.now - 1_000.0)
        reading.read()
    assert times == [400.0, 600.0, 800.0]


def test_a_reading_goes_on_with_each_step_and_is_told_of_once_it_is_done(reading: Reading) -> None:
    reading.refresh.begin()
    told = []
    while not reading.refresh.step():
        told.append(reading.asked[-1] if reading.asked else "begun")
    assert told == ["begun", "slice 0", "slice 1", "slice 2"]
    assert reading.asked[3:] == ["taken over", "settle", "limits", "noted what it came to"]
    assert not reading.refresh.is_under_way


def test_a_reading_that_a_database_breaks_off_is_told_and_begun_again_later(reading: Reading) -> None:
    reading.fails = True
    reading.now += 30
    reading.refresh.begin()
    while not reading.refresh.step():
        pass
    assert reading.asked[-1] == "the database is away: the backlog is read again later"
    assert not reading.refresh.is_due
    reading.now += 30
    assert reading.refresh.is_due


def test_what_is_read_at_once_ends_a_reading_that_is_under_way(reading: Reading) -> None:
    reading.refresh.begin()
    reading.refresh.step()
    assert reading.read()[0] == "settle"
    assert not reading.refresh.is_under_way


def test_a_reading_that_is_under_way_goes_on_and_is_not_begun_again(reading: Reading) -> None:
    reading.refresh.begin()
    assert [reading.refresh.step(), reading.refresh.step(), reading.refresh.is_under_way] == [False, False, True]
    reading.refresh.begin()
    while not reading.refresh.step():
        pass
    assert [what for what in reading.asked if what.startswith("slice")] == ["slice 0", "slice 1", "slice 2"]
    assert not reading.refresh.is_under_way


def test_a_reading_that_broke_off_is_over(reading: Reading) -> None:
    reading.fails = True
    reading.refresh.begin()
    while not reading.refresh.step():
        pass
    assert not reading.refresh.is_under_way
    assert reading.asked[-1] == "the database is away: the backlog is read again later"


def test_a_reading_in_slices_gives_back_too_what_dead_controllers_hold(reading: Reading) -> None:
    reading.now += 121
    reading.refresh.begin()
    while not reading.refresh.step():
        pass
    assert "recovered r / p" in reading.asked


def test_the_table_is_looked_at_before_anything_else_of_a_reading(reading: Reading) -> None:
    """What others left could else be settled in a table that is not the one any more."""
    reading.refresh._watch = lambda: reading.asked.append("watch")
    reading.now += 120
    assert reading.read()[:4] == ["settle", "watch", "recovered r / p", "backlog"]
    reading.asked.clear()
    reading.now += 120
    reading.refresh.begin()
    reading.refresh.step()
    assert reading.asked == ["watch", "recovered r / p"]
    reading.refresh.abandon()

    def changed() -> None:
        raise ConfigError("changed", remedy="mend it")

    reading.refresh._watch = changed
    reading.asked.clear()
    with pytest.raises(ConfigError):
        reading.refresh.read()
    reading.refresh.begin()
    with pytest.raises(ConfigError):
        reading.refresh.step()
    assert (reading.refresh.is_under_way, reading.asked) == (False, ["settle"])


@pytest.mark.parametrize(("read_s", "affordable_s", "due_s"), [(0.0, 0.0, 30.0), (1.0, 19.0, 30.0), (10.0, 190.0, 200.0)])
def test_another_reading_is_affordable_once_the_last_cost_a_twentieth_of_the_time_and_due_not_before(
    reading: Reading, read_s: float, affordable_s: float, due_s: float
) -> None:
    reading.backlog.read_s = read_s
    refresh = reading.refresh
    assert (refresh.affordable_in_s, refresh.due_in_s) == pytest.approx((affordable_s, due_s))
    assert refresh.is_affordable is (affordable_s == 0)
    reading.now += affordable_s + 0.001
    assert (refresh.affordable_in_s, refresh.is_affordable) == (0.0, True)
    reading.now += due_s
    assert (refresh.due_in_s, refresh.is_due) == (0.0, True)


def test_a_step_may_follow_although_a_phase_could_begin_once_the_last_cost_a_twentieth_of_the_time(reading: Reading) -> None:
    assert reading.refresh.may_step, "of the first nobody knows what it costs"

    def slow(now: object) -> Iterator[None]:
        reading.now += 2.0
        yield

    reading.backlog.refresh_in_slices = slow
    reading.refresh.begin()
    reading.refresh.step()
    assert reading.refresh.may_step, "the first looked at the table alone"
    reading.refresh.step()
    assert not reading.refresh.may_step
    reading.now += 39.9
    assert not reading.refresh.may_step
    reading.now += 0.2
    assert reading.refresh.may_step


def test_a_step_of_no_reading_is_done_and_tells_of_nothing(reading: Reading) -> None:
    assert reading.refresh.step()
    assert reading.asked == []


def test_a_reading_that_is_abandoned_lets_go_of_what_it_had_and_another_can_begin(reading: Reading) -> None:
    def held(now: object) -> Iterator[None]:
        try:
            yield
        finally:
            reading.asked.append("let go")

    reading.backlog.refresh_in_slices = held
    for _ in range(2):
        reading.asked.clear()
        reading.refresh.begin()
        reading.refresh.step()
        reading.refresh.step()
        reading.refresh.abandon()
        assert (reading.asked, reading.refresh.is_under_way) == (["let go"], False)
    reading.refresh.abandon()


def test_a_lane_is_refilled_by_the_clock_and_its_outage_is_outlasted(reading: Reading) -> None:
    asked = list[str]()

    def refill(now: datetime) -> None:
        asked.append(f"refilled, {now.tzinfo}")

    reading.backlog.refill = refill

    def retry(work: Callable[[], None], meanwhile: str) -> None:
        asked.append(meanwhile)
        work()

    cast("Any", reading.refresh)._outage = SimpleNamespace(retry=retry)
    reading.refresh.refill()
    assert asked == ["nothing is claimed", "refilled, UTC"]


def test_what_people_were_told_as_its_run_was_stopped_is_not_told_again(reading: Reading) -> None:
    skips = [Skip("stop.max_timeouts_per_run", value) for value in "ab"]
    reading.skipped.update(dict.fromkeys(skips, 2))
    reading.told = skips[:1]
    assert [line for line in reading.read() if " skipped by " in line] == ["2 skipped by stop.max_timeouts_per_run: b"]
