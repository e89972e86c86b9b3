"""The signals that end a drain. Only the main thread hears them, because that is where Python runs handlers.

A signal that the kernel delivers to another thread wakes nobody: its handler would wait until the main thread does something.
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
    """Block the signals in the calling thread. Our threads call this first."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def heard_signals() -> tuple[signal.Signals, ...]:
    """The signals that end a drain here. A hang-up that nohup ignores is not among them; SIGINT is also ignored in every
    background job, so it still counts."""
    nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return tuple(number for number in SIGNALS if number != signal.SIGHUP or not nohup)


class Signalled(KeyboardInterrupt):
    """A signal that ends the task came while no drain was running that would have handled it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number

    @property
    def name(self) -> str:
        """The name of the signal, such as SIGINT."""
        return signal.Signals(self.number).name

    @property
    def exit_code(self) -> int:
        """128 + the signal's number, as in shells."""
        return 128 + self.number


@contextmanager
def raise_on_signals() -> Iterator[None]:
    """Within this context, the first signal that nothing else handles is raised as Signalled; the next one has its former
    effect. Outside the main thread, where Python allows no handlers, this does nothing."""
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
    """Within this context, foreign code may set signal handlers, as Ray does; at the end the former handlers are restored."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    is_signalled = False
    try:
        yield
    except Signalled:
        is_signalled = True  # a handler that was meant for one signal only is not restored
        raise
    finally:
        for number, former in before.items():
            if not is_signalled and former is not None and signal.getsignal(number) is not former:
                signal.signal(number, former)


class Cut(BaseException):
    """A signal came while foreign code was running in the main thread, which might take any time."""


_foreign = [False]


class _ForeignCode:
    """A context manager that is entered once for each ranked lane; a generator would take as long as many a policy."""

    __slots__ = ()

    def __enter__(self) -> None:
        _foreign[0] = True

    def __exit__(self, *_: object) -> None:
        _foreign[0] = False


_FOREIGN_CODE: Final = _ForeignCode()


def mark_foreign_code() -> AbstractContextManager[None]:
    """A context for a plugin's code that writes nothing: a signal interrupts it by raising Cut."""
    return _FOREIGN_CODE


def leave_foreign_code() -> bool:
    """Whether foreign code is running. It no longer counts as running afterwards, so the next signal has nothing to
    interrupt."""
    found, _foreign[0] = _foreign[0], False
    return found


_came = [False]


def note_signal() -> None:
    """Note that a signal handler was called. Code that waits only for people's sake then stops waiting."""
    _came[0] = True


def is_stop_asked_for() -> bool:
    """Whether a signal asked this process to stop."""
    return _came[0]


@contextmanager
def block_signals() -> Iterator[None]:
    """Threads that any library starts within this context inherit the blocked signals."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
