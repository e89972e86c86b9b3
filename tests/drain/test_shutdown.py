"""What a shutdown remembers of its signals: the first one, when it came, who asked for it, and when all is over."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from batchdrain.drain import shutdown as room
from batchdrain.drain.shutdown import SETTLES_S, Hurry, Shutdown
from batchdrain.runtime.signals import Cut
from tests.drain.test_signals_asked import Running

ASKED = "`inv stop --now`, asked by me@here"


class Clock:
    now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(room, "monotonic", lambda: found.now)
    return found


@pytest.fixture(autouse=True)
def bounds(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would end this process after a second signal; it does not here."""
    seen = list[Any]()

    @contextlib.contextmanager
    def last_resort(bound_of: Callable[[int], float | None]) -> Iterator[None]:
        seen.append(bound_of)
        yield
        seen.append("over")

    monkeypatch.setattr(room, "ended_by_the_second_signal", last_resort)
    return seen


def test_the_first_signal_and_its_time_stay_whatever_comes_after(clock: Clock) -> None:
    shutdown = Shutdown()
    assert shutdown.gone_by(3.0) is None
    with shutdown.watch():
        signal.raise_signal(signal.SIGTERM)
        assert (shutdown.count, shutdown.signal, shutdown.gone_by(3.0)) == (1, signal.SIGTERM, 100.0 + 3.0 + SETTLES_S)
        clock.now = 150.0
        signal.raise_signal(signal.SIGINT)
    assert (shutdown.count, shutdown.signal, shutdown.name, shutdown.exit_code) == (2, signal.SIGTERM, "SIGTERM", 143)
    assert shutdown.gone_by(3.0) == 100.0, "whoever asks twice does not want to wait"


def test_what_may_end_by_itself_has_no_time_by_which_it_is_gone_until_somebody_asks_again(clock: Clock) -> None:
    shutdown = Shutdown(finish_current=True)
    with shutdown.watch():
        signal.raise_signal(signal.SIGINT)
        assert shutdown.gone_by(3.0) is None
        signal.raise_signal(signal.SIGINT)
        assert shutdown.gone_by(3.0) == 100.0


@pytest.mark.parametrize("finish_current", [False, True])
def test_a_first_signal_hurries_nobody_whose_commands_may_run_on(
    monkeypatch: pytest.MonkeyPatch, finish_current: bool
) -> None:
    shutdown, slept = Shutdown(finish_current=finish_current), list[float]()
    monkeypatch.setattr(room, "sleep", slept.append)
    hurry = Hurry(shutdown)
    with shutdown.watch():
        assert (hurry.is_set(), hurry.wait(0.0)) == (False, False)
        signal.raise_signal(signal.SIGINT)
        assert (hurry.is_set(), hurry.wait(7.0), slept) == (not finish_current, not finish_current, [7.0])
        signal.raise_signal(signal.SIGINT)
        assert hurry.is_set()


@pytest.mark.parametrize("finish_current", [False, True])
def test_who_asks_from_elsewhere_that_it_ends_now_is_heard_once_and_ends_what_runs(
    clock: Clock, finish_current: bool
) -> None:
    shutdown, commands = Shutdown(finish_current=finish_current), Running()
    engine: Any = commands
    shutdown.engine, shutdown.bound_s = engine, 9.0
    shutdown.ask_now("too early")
    assert (shutdown.asked, shutdown.count) == (None, 0)
    with shutdown.watch():
        shutdown.ask_now(ASKED)
        shutdown.ask_now("somebody else")
        assert (shutdown.count, shutdown.signal, shutdown.name) == (1, signal.SIGTERM, ASKED)
        assert (commands.asked, shutdown.gone_by(3.0), shutdown._bound_of(1)) == ([False], 100.0 + 3.0 + SETTLES_S, 9.0)
    assert shutdown.asked == ASKED
    shutdown.signal = None
    shutdown.ask_now("too late")
    assert (shutdown.asked, shutdown.count) == (ASKED, 1)


def test_after_a_signal_nobody_elsewhere_is_named_for_it() -> None:
    shutdown = Shutdown()
    with shutdown.watch():
        signal.raise_signal(signal.SIGINT)
        shutdown.ask_now(ASKED)
    assert (shutdown.asked, shutdown.count, shutdown.name) == (None, 1, "SIGINT")


def test_while_it_watches_a_second_signal_is_bounded_and_afterwards_nothing_is(bounds: list[Any]) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    files = len(os.listdir("/proc/self/fd"))
    shutdown = Shutdown()

    def break_off() -> None:
        with shutdown.watch():
            assert bounds == [shutdown._bound_of]
            assert signal.getsignal(signal.SIGTERM) != before[signal.SIGTERM]
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert {number: signal.getsignal(number) for number in before} == before
    assert len(os.listdir("/proc/self/fd")) == files, "the pipe is closed"


def test_a_signal_is_noted_before_anybody_is_woken_and_breaks_off_foreign_code(monkeypatch: pytest.MonkeyPatch) -> None:
    order, shutdown = list[str](), Shutdown()
    monkeypatch.setattr(room, "note_signal", lambda: order.append("noted"))
    wakes = shutdown.wake.set

    def wake() -> None:
        order.append("woken")
        wakes()

    monkeypatch.setattr(shutdown.wake, "set", wake)
    monkeypatch.setattr(room, "leave_foreign_code", lambda: True)
    with shutdown.watch(), pytest.raises(Cut):
        signal.raise_signal(signal.SIGTERM)
    assert order == ["noted", "woken"]


class InChild:
    """A worker that an engine forked, and its controller, which hears the signal or not."""

    def __init__(self, patch: pytest.MonkeyPatch, *, controller_hears: bool, finish_current: bool = False) -> None:
        self.shutdown, self.commands = Shutdown(finish_current=finish_current), Running()
        engine: Any = self.commands
        self.shutdown.engine = engine
        self.waits, self.killed = list[float | None](), list[tuple[str, int]]()
        self._hears = controller_hears
        patch.setattr(self.shutdown.wake, "wait", self._wait)
        patch.setattr(signal, "signal", lambda number, how: self.killed.append((f"handler {how!r}", number)))
        patch.setattr(os, "kill", lambda pid, number: self.killed.append((f"kill {pid == os.getpid()}", number)))

    def _wait(self, seconds: float | None) -> bool:
        self.waits.append(seconds)
        return self._hears


@pytest.mark.parametrize(
    ("number", "hears", "waits", "killed"),
    [
        (signal.SIGTERM, True, [2.0], False), (signal.SIGTERM, False, [2.0], True), (signal.SIGINT, False, [], False),
        (signal.SIGINT, True, [], False),
    ],
)  # fmt: skip
def test_a_worker_that_was_forked_ends_as_its_engine_wants_and_its_commands_as_the_controller_hears(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, hears: bool, waits: list[float], killed: bool
) -> None:
    it = InChild(monkeypatch, controller_hears=hears)
    it.shutdown._handle_in_child(number)
    by_default = [(f"handler {signal.SIG_DFL!r}", number), ("kill True", number)]
    assert (it.waits, it.killed) == (waits, by_default if killed else [])
    assert (it.commands.asked, it.shutdown.signal, it.shutdown.count) == ([False], number, 0)
    it.shutdown._handle_in_child(signal.SIGINT)
    assert (it.commands.asked, it.shutdown.signal) == ([False, True], number)


def test_a_handler_that_a_forked_worker_inherits_wakes_no_controller(monkeypatch: pytest.MonkeyPatch) -> None:
    shutdown, in_child = Shutdown(), list[int]()
    monkeypatch.setattr(shutdown, "_handle_in_child", in_child.append)
    with shutdown.watch():
        handler: Any = signal.getsignal(signal.SIGTERM)
        with monkeypatch.context() as forked:
            forked.setattr(os, "getpid", lambda: -1)
            handler(signal.SIGTERM, None)
        assert (in_child, shutdown.count, shutdown.wake.is_set()) == ([signal.SIGTERM], 0, False)
