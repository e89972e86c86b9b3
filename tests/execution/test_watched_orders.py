"""An order as its giver watches it: what is said back decides, and what was asked stays asked. In memory."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.guardian import watched_order, wire
from batchdrain.execution.guardian.watched_order import MOST_STOPS, WatchedOrder

ORDER: dict[str, Any] = {"token": "t", "timeout_s": 60.0, "grace_s": 1.0}
END = b'X{"by": "exit"}'


class Hired:
    """A guardian that says these lines."""

    def __init__(self, *lines: bytes | None, stopped: int = 0) -> None:
        self.lines, self.stopped = list(lines), stopped
        self.orders, self.woken, self.killed = 0, 0, 0
        self.sock, self.theirs = socket.socketpair()
        self.asked = list[float]()

    def hear(self, within_s: float) -> bytes | None:
        self.asked.append(within_s)
        return self.lines.pop(0)

    def is_stopped(self) -> bool:
        self.stopped -= 1
        return self.stopped >= 0

    def wake(self) -> None:
        self.woken += 1

    def kill(self) -> None:
        self.killed += 1

    def heard(self) -> bytes:
        return self.theirs.recv(1 << 16, socket.MSG_DONTWAIT)


@pytest.fixture
def hired() -> Iterator[Any]:
    """Makes one."""
    found = list[Hired]()

    def make(*lines: bytes | None, stopped: int = 0) -> Hired:
        found.append(Hired(*lines, stopped=stopped))
        return found[-1]

    yield make
    for one in found:
        one.sock.close()
        one.theirs.close()


def test_each_order_of_a_guardian_has_the_next_number_and_its_words_bear_it(hired: Any) -> None:
    guard = hired(b"S7 70", END, END)
    first = WatchedOrder(guard)
    assert (first.process, first.killed, first.stops, first.was_asked) == (None, False, 0, False)
    assert first.watch(ORDER, []) == END[1:]
    assert (first.process, guard.killed, guard.asked) == ((7, 70), 0, [0.5, 0.5])
    second = WatchedOrder(guard)
    second.extend(7)
    second.end(kill=False)
    assert second.was_asked
    assert second.watch(ORDER, []) == END[1:]
    heard = guard.heard()
    assert heard.count(b'"number": 1}') == heard.count(b'"number": 2}D2 7\nT2\n') == 1


@pytest.mark.parametrize("line", [b"Z", b"", b"x7 70"])
def test_what_no_guardian_says_is_passed_over_as_long_as_it_may_say_more(hired: Any, line: bytes) -> None:
    guard = hired(line, END)
    found = WatchedOrder(guard).watch(ORDER, [])
    assert (found, guard.killed) == ((None, 1) if line == b"" else (END[1:], 0))


@pytest.mark.parametrize(("line", "killed"), [(b"", False), (b"Sx", True)])
def test_a_guardian_that_went_is_told_from_one_that_was_killed(hired: Any, line: bytes, killed: bool) -> None:
    guard = hired(line)
    order = WatchedOrder(guard)
    assert (order.watch(ORDER, []), order.killed, guard.killed) == (None, killed, 1)
    order.disown()
    assert (order.killed, guard.killed) == (True, 2)


@pytest.mark.parametrize(("stopped", "woken", "unguarded"), [(0, 0, False), (3, 3, False), (4, 3, True)])
def test_a_guardian_that_is_stopped_is_woken_three_times_and_given_up_then(
    hired: Any, stopped: int, woken: int, unguarded: bool
) -> None:
    guard = hired(*[None] * (stopped + 1), END, stopped=stopped)
    order = WatchedOrder(guard)
    found = order.watch(ORDER, [])
    assert (found is None, guard.woken, order.stops, order.is_unguarded) == (unguarded, woken, stopped, unguarded)
    assert (order.killed, guard.killed) == (unguarded, int(unguarded))
    assert MOST_STOPS == 3


@pytest.mark.parametrize(("at_ms", "in_time"), [(61_000 + 2_499, True), (61_000 + 2_500, False)])
def test_a_silent_guardian_has_the_time_of_its_order_and_its_slack(
    hired: Any, monkeypatch: pytest.MonkeyPatch, at_ms: int, in_time: bool
) -> None:
    clock = SimpleNamespace(ms=1_000)
    monkeypatch.setattr(wire, "boottime_ms", lambda: clock.ms)
    monkeypatch.setattr(time, "monotonic", lambda: clock.ms / 1000)
    monkeypatch.setattr(watched_order, "SLACK_S", 1.5)
    guard = hired()
    hears = iter([60_999, 61_000, at_ms, None])

    def hear(_: float) -> bytes | None:
        ms = next(hears)
        clock.ms = ms or clock.ms
        return None if ms else END

    guard.hear = hear
    assert (WatchedOrder(guard).watch(ORDER, []) == END[1:]) is in_time
    assert (watched_order.SLICE_S, watched_order.KILLS_WITHIN_S) == (0.5, 10.0)


def test_of_two_bounds_the_earlier_one_counts(hired: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    order = WatchedOrder(hired())
    order.end(kill=False)
    now[0] = 105.0
    order.end(kill=True)
    now[0] = 110.0
    order.end(kill=True)
    assert order._asked_at == {b"T": 100.0, b"K": 105.0}, "asking again gives no more time"
    found = []
    for at in (114.9, 115.0):
        now[0] = at
        found.append(order._is_overdue(10**12, 60.0))
    assert found == [False, True]


def test_a_deadline_that_is_earlier_is_told_and_not_kept(hired: Any) -> None:
    guard = hired(END)
    order = WatchedOrder(guard)
    assert order.extended_ms == 0
    order.watch(ORDER, [])
    guard.heard()
    order.extend(9)
    order.extend(5)
    assert (order.extended_ms, guard.heard()) == (9, b"D1 9\nD1 5\n")
    guard.theirs.close()
    order.extend(11)
    assert order.extended_ms == 11
