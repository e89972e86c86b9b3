"""The signals that end a drain, and who hears them: the main thread, where Python runs handlers, and no other.

A signal that the kernel gives to another thread wakes nobody: the handler would wait until the main thread does something.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def leave_to_the_main_thread() -> None:
    """For a thread of ours, at its beginning."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


class Cut(BaseException):
    """A signal came while code that is not ours was at work in the main thread: nobody knows how long it would take."""


_foreign = [False]


@contextmanager
def mark_foreign_code() -> Iterator[None]:
    """Around a plugin's code that writes nothing: a signal ends it, by raising Cut."""
    _foreign[0] = True
    try:
        yield
    finally:
        _foreign[0] = False


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
