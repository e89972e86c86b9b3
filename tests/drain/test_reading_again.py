"""Each reading of the backlog looks at what changed since: durations, dead controllers, and what rules leave out."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain import refresh as room
from batchdrain.drain.refresh import Refresh
from batchdrain.model.phase import Skip

SETTINGS = Settings.model_validate({"refresh_s": 30, "lease": {"ttl_s": 120}})


class Reading:
    """A refresh whose parts note what is asked of them."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.now, self.asked, self.new = 1_000.0, list[str](), True
        patch.setattr(room, "monotonic", lambda: self.now)
        self.skipped: Counter[Skip] = Counter()
        backlog = SimpleNamespace(
            skipped=self.skipped, remainder="what it came to", refresh=lambda _: self.asked.append("backlog")
        )
        limits = SimpleNamespace(forget=lambda: self.asked.append("limits"))
        recorder = SimpleNamespace(
            settle=lambda: self.asked.append("settle"),
            recovered=lambda back: self.asked.append(f"recovered {back}"),
            noted=lambda found: self.asked.append(f"noted {found}"),
            skipped=self._skipped,
            notice=self._note,
        )
        outage = SimpleNamespace(retry=lambda work, meanwhile: work())
        parts: list[Any] = [backlog, limits, recorder, outage, lambda: ["r / p"], SETTINGS]
        self.refresh = Refresh(*parts)

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
