"""How long a drain waits for a database that is away."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain import database_outage as room
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.model.errors import DatabaseUnavailable

MEANWHILE = "nothing is claimed"


class Away:
    """A database that is away until a moment, and a clock that only waiting moves."""

    def __init__(self, patch: pytest.MonkeyPatch, *, back_at: float = float("inf"), patience_s: float = 60.0) -> None:
        self.now, self.back_at, self.tries, self.is_signalled = 0.0, back_at, 0, False
        self.waits: list[float] = []
        self.told: list[str] = []
        patch.setattr(room, "monotonic", lambda: self.now)
        wake = SimpleNamespace(is_set=lambda: self.is_signalled, wait=self._wait)
        shutdown: Any = SimpleNamespace(wake=wake)
        self.outage = DatabaseOutage(patience_s, shutdown, self.told.append)

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def work(self) -> str:
        self.tries += 1
        if self.now < self.back_at:
            raise DatabaseUnavailable("away", remedy="wait")
        return "done"

    def ask(self) -> str:
        return self.outage.retry(self.work, meanwhile=MEANWHILE)


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Away]:
    return lambda **facts: Away(monkeypatch, **facts)


def test_a_database_that_comes_back_in_time_is_told_of_once(away: Callable[..., Away]) -> None:
    it = away(back_at=20.0)
    assert it.ask() == "done"
    assert it.told == ["away: nothing is claimed; trying again for 60 s"]
    assert it.waits == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_patience_is_over_after_its_time_and_is_not_had_once_more(away: Callable[..., Away]) -> None:
    """Each phase that is held would else wait as long again, one after the other."""
    it = away()
    with pytest.raises(DatabaseUnavailable):
        it.ask()
    assert it.now == 60.0
    tries = it.tries
    with pytest.raises(DatabaseUnavailable):
        it.ask()
    assert (it.now, it.tries) == (60.0, tries + 1)
    it.back_at = 0.0
    assert it.ask() == "done"


def test_each_outage_has_the_whole_patience(away: Callable[..., Away]) -> None:
    it = away(back_at=50.0)
    it.ask()
    it.back_at = it.now + 50.0
    assert it.ask() == "done"


def test_a_signal_ends_the_wait(away: Callable[..., Away]) -> None:
    it = away()
    it.is_signalled = True
    with pytest.raises(DatabaseUnavailable):
        it.ask()
    assert (it.tries, it.waits, it.told) == (1, [], ["away: nothing is claimed"])


def test_any_other_error_is_raised_at_once(away: Callable[..., Away]) -> None:
    def work() -> None:
        raise KeyError("x")

    it = away()
    with pytest.raises(KeyError):
        it.outage.retry(work, meanwhile=MEANWHILE)
    assert it.waits == []


def test_a_long_outage_is_told_of_again_each_half_minute_with_what_is_left_of_the_patience(
    away: Callable[..., Away],
) -> None:
    it = away(back_at=87.0, patience_s=200.0)
    it.now = 7.0
    assert it.ask() == "done"
    assert it.told == [
        "away: nothing is claimed; trying again for 200 s",
        "Still unreachable after 31 s; trying again for 169 s",
        "Still unreachable after 61 s; trying again for 139 s",
    ]


def test_where_patience_is_over_nothing_is_said_of_another_try(away: Callable[..., Away]) -> None:
    it = away(patience_s=30.0)
    with pytest.raises(DatabaseUnavailable):
        it.ask()
    assert (it.told, it.now) == (["away: nothing is claimed; trying again for 30 s"], 30.0)


def test_of_one_outage_the_error_is_told_once_and_of_another_one_again(away: Callable[..., Away]) -> None:
    it = away(patience_s=0.0)
    for _ in range(2):
        with pytest.raises(DatabaseUnavailable):
            it.ask()
    it.back_at = 0.0
    it.ask()
    it.back_at = float("inf")
    with pytest.raises(DatabaseUnavailable):
        it.ask()
    assert it.told == ["away: nothing is claimed", "The same: nothing is claimed", "away: nothing is claimed"]
