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
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.model.phase import Skip

SETTINGS = Settings.model_validate({"refresh_s": 30, "lease": {"ttl_s": 120}})


class Reading:
    """A refresh whose parts note what is asked of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now, self.asked, self.new, self.fails = 1_000.0, list[str](), True, False
        patch.setattr(room, "monotonic", lambda: self.now)
        self.skipped: Counter[Skip] = Counter()
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
            has_told_of=lambda _: False,
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
