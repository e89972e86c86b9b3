"""The end of a controller that its second signal does not end, or its first one with an engine of others: some thread waits for what never comes, in code of others, in
the kernel, for a worker of an engine that hangs.

Nothing is lost by it. The guardians see that we are gone, and the next command settles what was held.
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
"""After the second signal: time to kill what runs, to record it and to close the session."""
_MESSAGE: Final = "\nbatchdrain: ended by a signal, as something in it hangs: what it held is settled by the next command\n"


_GOODBYE: Final = b"\0"
"""No signal has this number. The end of the pipe alone would not do: a child may hold it open."""
_writers: Final[dict[int, int]] = {}
"""Where the system tells of signals now, and where it did before."""
_masks: Final[dict[int, set[int | signal.Signals]]] = {}
"""Of the threads that fork now."""


@contextmanager
def ended_by_the_second_signal(
    bound_of: Callable[[int], float | None] = lambda count: WITHIN_S if count > 1 else None,
) -> Iterator[None]:
    """For the main thread. `bound_of`: seconds from the signal with a number to the end; None: none by that. A thread counts the signals, as Python's handlers wait for whatever the main thread does; it hears
    of them by a pipe that the system's own handler writes. Where there is no thread for it, there is no last resort."""
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
            reader = -1  # the thread's, from now on
        yield
    finally:
        signal.set_wakeup_fd(before)
        del _writers[writer]
        is_over.set()
        with contextlib.suppress(BlockingIOError, BrokenPipeError):  # full of signals: it wakes by them
            os.write(writer, _GOODBYE)
        os.close(writer)
        if reader >= 0:
            os.close(reader)


def _watch(reader: int, is_over: threading.Event, bound_of: Callable[[int], float | None]) -> None:
    """Until it is over; or the process is ended."""
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
    """A child that hears one as it begins would tell us of it as of a second one."""
    if _writers:
        _masks[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def _release_signals() -> None:
    mask = _masks.pop(threading.get_ident(), None)
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _be_a_child() -> None:
    """A terminal's Ctrl-C reaches each process of the group: a child that told us of it would make one signal many."""
    mine = signal.set_wakeup_fd(-1)
    while mine in _writers:
        mine = _writers[mine]
    with contextlib.suppress(OSError, ValueError):  # of others, who may have closed it
        signal.set_wakeup_fd(mine)
    _writers.clear()
    _release_signals()
    _masks.clear()


os.register_at_fork(before=_hold_signals, after_in_parent=_release_signals, after_in_child=_be_a_child)


def _end(code: int) -> NoReturn:
    watch = select.poll()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        watch.register(sys.stderr.fileno(), select.POLLOUT)
        if watch.poll(0):  # its reader may be what we wait for
            os.write(sys.stderr.fileno(), _MESSAGE.encode())
    os._exit(code)
