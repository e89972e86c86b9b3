"""Handles SIGINT, SIGTERM and SIGHUP while draining. The first signal ends claiming and the running commands; the second one kills
them, and ends the process even if something in it hangs.

With `finish_current` the first signal lets the running commands end by themselves.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from types import FrameType
from typing import Final, Protocol

from batchdrain.drain.last_resort import WITHIN_S, ended_by_the_second_signal
from batchdrain.execution.engines.protocol import Interrupt
from batchdrain.runtime.signals import Cut, heard_signals, leave_foreign_code, note_signal

_LONGEST_MS: Final = 2_000_000_000  # poll takes a C int
SETTLES_S: Final = 5.0
"""Seconds beyond the grace time by which an interrupted drain is gone."""
_TOLD_WITHIN_S: Final = 2.0
"""Seconds for the controller's handler to act after a signal to the whole group."""


class Wake:
    """An event that stays set. It is a pipe and not a lock, because a handler may run while its own thread waits here."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        """Wake whoever waits now or later. Safe in a signal handler."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._writer, b".")

    def wait(self, seconds: float | None) -> bool:
        """Wait at most this many seconds (None: for ever). Returns whether it is set."""
        watch = select.poll()  # select refuses descriptors beyond 1023
        watch.register(self._reader, select.POLLIN)
        return bool(watch.poll(None if seconds is None else min(seconds * 1000, _LONGEST_MS)))

    def is_set(self) -> bool:
        """Whether it is set; does not wait."""
        return self.wait(0)

    def close(self) -> None:
        """Close the pipe: nobody may set it or wait for it any more."""
        os.close(self._reader)
        os.close(self._writer)


class Interruptible(Protocol):
    """Something that can end what it runs."""

    @property
    def interrupt(self) -> Interrupt:
        """Ends what runs. Called in signal handlers."""


class Shutdown:
    """The signals that came while they were watched."""

    def __init__(self, *, finish_current: bool = False) -> None:
        self._finish_current = finish_current
        self.engine: Interruptible | None = None  #: the engine whose commands a signal ends
        self.beside: Interruptible | None = None  #: ended by the first signal in any case
        self.signal: int | None = None  #: the number of the first signal
        self.count = 0  #: how many signals came
        self._came_at = 0.0  #: when the first signal came; monotonic, in seconds
        self.bound_s: float | None = None  #: an interrupted drain is gone in so many seconds; None: no bound
        self.asked: str | None = None  #: who ended it from elsewhere, for people
        self.leaves_held = False  #: something stays held whose command may run on: its engine may wait for that for ever
        self.wake = Wake()  #: set by the first signal
        self._is_watched = False

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Handle the signals while a session runs, until its end is recorded. Does nothing outside the main thread, where Python
        allows no handlers."""
        if threading.current_thread() is not threading.main_thread():
            with contextlib.closing(self.wake):
                yield
            return

        controller = os.getpid()

        def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's signature
            if os.getpid() != controller:
                self._handle_in_child(number)
                return
            again = self.signal is not None
            self.signal = self.signal or number
            self._came_at = self._came_at or monotonic()
            self.count += 1
            note_signal()
            self.wake.set()
            self._interrupt(again=again)
            if leave_foreign_code():
                raise Cut

        before = {number: signal.signal(number, handle) for number in heard_signals()}
        self._is_watched = True
        try:
            with ended_by_the_second_signal(self._bound_of):
                yield
        finally:
            self._is_watched = False
            for number, former in before.items():
                signal.signal(number, former)
            self.wake.close()

    def ask_now(self, asked: str) -> None:
        """End what runs, like a SIGTERM, whatever `finish_current` says. May be called from any thread. `asked`: who asks for it,
        for people."""
        if self.signal is not None or not self._is_watched:
            return
        self.asked = asked
        os.kill(os.getpid(), signal.SIGTERM)

    def _bound_of(self, count: int) -> float | None:
        """Seconds from this many signals to the end of the process; None: they do not bound it."""
        if count > 1:
            return WITHIN_S if self.bound_s is None else min(WITHIN_S, self.bound_s)
        return None if self._finish_current and self.asked is None else self.bound_s

    def _interrupt(self, *, again: bool) -> None:
        if self.engine is not None and (again or not self._finish_current or self.asked is not None):
            self.engine.interrupt(kill=again)
        if self.beside is not None:
            self.beside.interrupt(kill=again)

    def _handle_in_child(self, number: int) -> None:
        """Handle a signal in a worker that an engine has forked, as it inherits our handlers. A signal to the whole group ends the
        worker's commands as it ends ours, and never wakes the controller. A SIGTERM to the worker alone comes from its engine,
        which waits for its end."""
        if number == signal.SIGTERM and not self.wake.wait(_TOLD_WITHIN_S):
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        again = self.signal is not None
        self.signal = self.signal or number
        self._interrupt(again=again)

    def gone_by(self, grace_s: float) -> float | None:
        """The time (monotonic, seconds) by which a drain is gone whose commands have `grace_s` seconds to end. None: nobody asked
        it to end. A time in the past: somebody asked twice."""
        if not self.count or (self._finish_current and self.count == 1 and self.asked is None):
            return None
        return self._came_at + (grace_s + SETTLES_S if self.count == 1 else 0.0)

    @property
    def exit_code(self) -> int | None:
        """128 + the signal's number, as shells report it; None if no signal came."""
        return None if self.signal is None else 128 + self.signal

    @property
    def name(self) -> str:
        """The name of the first signal, such as SIGINT, or who asked from elsewhere; '' if no signal came."""
        if self.asked is not None:
            return self.asked
        return "" if self.signal is None else signal.Signals(self.signal).name


class Hurry:
    """Whether the process is to end soon. After the first signal it is not if `finish_current` lets its commands run on."""

    def __init__(self, shutdown: Shutdown) -> None:
        self._shutdown = shutdown

    def is_set(self) -> bool:
        """Whether it is to end soon."""
        return self._shutdown.gone_by(0.0) is not None

    def wait(self, seconds: float, /) -> bool:
        """Wait at most this many seconds for that. Returns whether it is so."""
        if self._shutdown.wake.is_set():
            sleep(seconds)
        else:
            self._shutdown.wake.wait(seconds)
        return self.is_set()


def name_of_signal(number: int) -> str:
    """The name of a signal as people know it."""
    return "Ctrl-C" if number == signal.SIGINT else signal.Signals(number).name
