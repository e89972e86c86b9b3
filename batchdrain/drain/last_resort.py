"""The last resort of a controller that does not end on its second signal, or with a foreign engine on its first one. Then some
thread waits for something that never comes: in foreign code, in the kernel, or for a worker of a hanging engine.

Nothing is lost. The guardians see that the controller is gone, and the next command settles what it held.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf
from time import monotonic
from typing import Final, NoReturn

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime.forks import keep_from_children
from batchdrain.runtime.signals import SIGNALS
from batchdrain.runtime.threads import begin

WITHIN_S: Final = 30.0
"""Seconds after the second signal: time to kill what runs, to record it, and to close the session."""
_MESSAGE: Final = "\nbatchdrain: ended by a signal, because something in it hangs: the next command settles what it held\n"


_GOODBYE: Final = b"\0"
"""A byte that no signal has as its number. Closing the pipe would not be enough, as a child may hold it open."""
_writers: Final[dict[int, int]] = {}
"""For each pipe to which the system writes signals now: the file descriptor to which it wrote before."""
_masks: Final[dict[int, set[int | signal.Signals]]] = {}
"""The signal masks of the threads that are forking now."""


@contextmanager
def ended_by_the_second_signal(
    bound_of: Callable[[int], float | None] = lambda count: WITHIN_S if count > 1 else None,
) -> Iterator[None]:
    """For the main thread: end the process if a signal does not end it in time.

    `bound_of`: for the count of signals heard (1, or 2 for more), the seconds in which the process has to end; None: no bound. A
    separate thread counts the signals, because Python's handlers wait for whatever the main thread does. It hears of them through a
    pipe that the system's own handler writes. If that thread can't be started, there is no last resort.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    for end in (reader, writer):
        keep_from_children(end)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    _writers[writer] = before
    is_over = threading.Event()
    try:
        with contextlib.suppress(FilesUnavailable):
            begin(partial(_watch, reader, is_over, bound_of), "last-resort")
            reader = -1  # the thread closes it from now on
        yield
    finally:
        signal.set_wakeup_fd(before)
        del _writers[writer]
        is_over.set()
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # the pipe is full of signals, which wake the thread too
            os.write(writer, _GOODBYE)
        os.close(writer)
        if reader >= 0:
            os.close(reader)


def _watch(reader: int, is_over: threading.Event, bound_of: Callable[[int], float | None]) -> None:
    """Count signals until `is_over`, or end the process."""
    heard: list[int] = []
    until: float | None = None
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    try:
        while not is_over.is_set():
            if not poll.poll(None if until is None else max(0.0, until - monotonic()) * 1000):
                if not is_over.is_set():
                    _end(128 + heard[0])
                continue
            heard += [number for number in os.read(reader, 512) if number in SIGNALS]
            bound_s = bound_of(min(len(heard), 2)) if heard else None
            if bound_s is not None:
                until = min(until or inf, monotonic() + bound_s)
    finally:
        os.close(reader)


def _hold_signals() -> None:
    """Block signals around a fork: a child that hears one as it begins would report it to us as a second one."""
    if _writers:
        _masks[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def _release_signals() -> None:
    mask = _masks.pop(threading.get_ident(), None)
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _be_a_child() -> None:
    """Undo our signal handling in a child. A terminal's Ctrl-C reaches each process of the group: children that report it to us
    would make many signals of one."""
    mine = signal.set_wakeup_fd(-1)
    while mine in _writers:
        mine = _writers[mine]
    with contextlib.suppress(OSError, ValueError):  # the descriptor is foreign, and may have been closed
        signal.set_wakeup_fd(mine)
    _writers.clear()
    _release_signals()
    _masks.clear()


os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_be_a_child)


def _end(code: int) -> NoReturn:
    watch = select.poll()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        watch.register(sys.stderr.fileno(), select.POLLOUT)
        if watch.poll(0):  # writing could block: stderr's reader may be what hangs
            os.write(sys.stderr.fileno(), _MESSAGE.encode())
    os._exit(code)
