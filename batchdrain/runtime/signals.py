"""The signals that end a drain, and who hears them: the main thread, where Python runs handlers, and no other.

A signal that the kernel gives to another thread wakes nobody: the handler would wait until the main thread does something.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Any, Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def leave_to_the_main_thread() -> None:
    """For a thread of ours, at its beginning."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def heard_signals() -> tuple[signal.Signals, ...]:
    """Those that end a drain here. A hang-up that nohup has set aside is none; INT is also ignored in any background job."""
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return tuple(number for number in SIGNALS if number != signal.SIGHUP or not nohup)


class Signalled(KeyboardInterrupt):
    """A signal came that is to end the task, while no session was drained that would have heard it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def name(self) -> str:
        """Of the signal, as SIGINT."""
        return signal.Signals(self.number).name

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as shells say it."""
        return 128 + self.number


@contextmanager
def raise_on_signals() -> Iterator[None]:
    """The first signal that nobody else handles meanwhile is raised as Signalled; the next one does what it did before.
    Outside the main thread Python allows no handlers: none then."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    before: dict[signal.Signals, Any] = {}

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - a handler's signature
        restore()
        note_signal()
        raise Signalled(number)

    def restore() -> None:
        for number, former in before.items():
            signal.signal(number, former)

    try:
        for number in heard_signals():
            before[number] = signal.getsignal(number)
            signal.signal(number, handle)
        yield
    finally:
        restore()


@contextmanager
def keep_handlers() -> Iterator[None]:
    """Around code of others, which may set handlers of its own, as Ray does: those of before stand again after it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    is_signalled = False
    try:
        yield
    except Signalled:
        is_signalled = True  # what was to hear one signal alone does not stand again
        raise
    finally:
        for number, former in before.items():
            if not is_signalled and former is not None and signal.getsignal(number) is not former:
                signal.signal(number, former)


class Cut(BaseException):
    """A signal came while code that is not ours was at work in the main thread: nobody knows how long it would take."""


_foreign = [False]


class _ForeignCode:
    """Entered once for each lane that is ranked: a generator would take as long as many a policy."""

    __slots__ = ()

    def __enter__(self) -> None:
        _foreign[0] = True

    def __exit__(self, *_: object) -> None:
        _foreign[0] = False


_FOREIGN_CODE: Final = _ForeignCode()


def mark_foreign_code() -> AbstractContextManager[None]:
    """Around a plugin's code that writes nothing: a signal ends it, by raising Cut."""
    return _FOREIGN_CODE


def leave_foreign_code() -> bool:
    """Whether it is; it no longer is after this, so that the next signal finds nothing to cut."""
    found, _foreign[0] = _foreign[0], False
    return found


_came = [False]


def note_signal() -> None:
    """A handler was called: who waits for people only need not wait long any more."""
    _came[0] = True


def is_stop_asked_for() -> bool:
    """Whether a signal asked this process to stop."""
    return _came[0]


@contextmanager
def block_signals() -> Iterator[None]:
    """Threads that are started meanwhile, by whichever library, inherit that they do not hear."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
