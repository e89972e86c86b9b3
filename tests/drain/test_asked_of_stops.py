"""What a drain hears from elsewhere: it is put in force, kept and told, once each, and a wait ends with it."""

from __future__ import annotations

import os
import signal
from collections import deque
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain import stops as room
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.asked import Ask, Asked
from batchdrain.model.phase import Skip
from tests.drain.test_whom_a_result_stops import KNOWN, Drained


def asked(ask: Ask, number: int = 1) -> Asked:
    return Asked(number=number, ask=ask, by="me@here", reason="lunch", at_ms=1_700_000_000_000)


class Heard(Drained):
    """Stops to which others speak; `told`: what is kept and told, in order."""

    def __init__(self, *given: Ask) -> None:
        super().__init__()
        self.waiting = deque(asked(ask, number) for number, ask in enumerate(given, 1))
        self.record.note_asked = lambda one: self.told.append(f"kept: {one} at {one.at:%Y}")
        self.presence = SimpleNamespace(
            take=lambda: self.waiting.popleft() if self.waiting else None,
            apply=lambda one: self.told.append(f"in force: {one.ask}"),
            has_news=False,
            is_paused=False,
        )
        self.stops._presence = cast("Any", self.presence)


@pytest.mark.parametrize(
    ("ask", "left"),
    [(Ask.STOP, True), (Ask.STOP_NOW, True), (Ask.PAUSE, False), (Ask.CONTINUE, False)],
)
def test_a_request_is_put_in_force_kept_and_told_and_one_to_end_ends_it(ask: Ask, left: bool) -> None:
    heard = Heard(ask)
    assert heard.stops.is_ending() is left
    assert heard.told == [
        f"in force: {ask}", f"kept: {ask} by me@here: lunch at 2023", f"{ask.effect}, asked by me@here: lunch",
    ]  # fmt: skip
    assert heard.stops.left == (Skip("inv stop", "asked by me@here: lunch") if left else None)


def test_all_that_was_asked_is_heard_at_once_and_the_first_end_counts() -> None:
    heard = Heard(Ask.PAUSE, Ask.STOP, Ask.CONTINUE)
    heard.stops.left = KNOWN
    assert heard.stops.is_ending()
    assert [one for one in heard.told if one.startswith("in force")] == [
        "in force: pause",
        "in force: stop",
        "in force: continue",
    ]
    assert heard.stops.left == KNOWN


def test_a_drain_that_ends_hears_requests_still() -> None:
    heard = Heard(Ask.PAUSE)
    heard.stops.stop(KNOWN)
    assert heard.stops.is_ending()
    assert heard.told[0] == "in force: pause"


def test_what_ends_only_this_call_and_what_stops_the_session_are_looked_for_both() -> None:
    heard = Heard()
    heard.end_of_this_time = KNOWN
    heard.record.is_full = True
    assert heard.stops.is_ending()
    assert (heard.stops.left, heard.stops.stopped) == (KNOWN, room.FULL)


def test_without_anybody_to_bring_requests_there_are_none() -> None:
    alone = Drained().stops
    assert (alone.has_news, alone.is_paused, alone.is_ending()) == (False, False, False)


@pytest.mark.parametrize("fact", ["has_news", "is_paused"])
def test_news_and_a_pause_are_as_the_presence_has_them(fact: str) -> None:
    heard = Heard()
    for value in (True, False):
        setattr(heard.presence, fact, value)
        assert getattr(heard.stops, fact) is value
    heard.presence.has_news, heard.presence.is_paused = fact == "has_news", fact == "is_paused"
    assert (heard.stops.has_news, heard.stops.is_paused) == (fact == "has_news", fact == "is_paused")


def test_each_end_alone_is_known_to_be_one() -> None:
    assert not Drained().stops.is_over
    for name in ("stopped", "left", "failure"):
        stops = Drained().stops
        setattr(stops, name, KNOWN)
        assert stops.is_over
    signalled = Drained()
    with signalled.shutdown.watch():
        os.kill(os.getpid(), signal.SIGTERM)
        assert (signalled.stops.is_over, signalled.stops.signals, signalled.stops.asked) == (True, (1, signal.SIGTERM), None)


def test_what_stays_held_is_known_to_the_shutdown_and_who_ended_it_at_once_to_the_drain() -> None:
    drained = Drained()
    drained.stops.note_held()
    assert drained.shutdown.leaves_held
    drained.shutdown.asked = "`inv stop --now`, asked by me@here"
    assert drained.stops.asked == "`inv stop --now`, asked by me@here"


class Waiting(Heard):
    """Whoever waits is woken by what happens in the second of its short waits."""

    def __init__(self, patch: pytest.MonkeyPatch, what: str = "") -> None:
        super().__init__()
        self.now, self.waits = 100.0, list[float]()
        patch.setattr(room, "monotonic", lambda: self.now)
        shutdown: Any = Shutdown()
        shutdown.wake = SimpleNamespace(wait=self._wait)
        self.stops._shutdown, self.what = shutdown, what

    def _wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        second = len(self.waits) == 2
        self.presence.has_news = second and self.what == "news"
        return second and self.what == "signal"


@pytest.mark.parametrize(
    ("seconds", "what", "waits"),
    [
        (1.25, "", [0.5, 0.5, 0.25]), (0.25, "", [0.25]), (0.0, "", []), (-1.0, "", []), (9.0, "signal", [0.5, 0.5]),
        (9.0, "news", [0.5, 0.5]),
    ],
)  # fmt: skip
def test_a_wait_lasts_its_time_and_ends_within_half_a_second_of_a_signal_or_a_request(
    monkeypatch: pytest.MonkeyPatch, seconds: float, what: str, waits: list[float]
) -> None:
    found = Waiting(monkeypatch, what)
    found.stops.wait(seconds)
    assert found.waits == waits
