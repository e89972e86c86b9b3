"""The end of a controller that its second signal does not end: some thread waits for what never comes, in code of others, in
the kernel, for a worker of an engine that hangs.

Nothing is lost by it. The guardians see that we are gone, and the next command settles what was held.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final, NoReturn

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime.signals import SIGNALS
from batchdrain.runtime.threads import begin

WITHIN_S: Final = 30.0
"""After the second signal: time to kill what runs, to record it and to close the session."""
_MESSAGE: Final = "\nbatchdrain: ended by the second signal: what it held is settled by the next command\n"


@contextmanager
def ended_by_the_second_signal() -> Iterator[None]:
    """For the main thread. A thread counts the signals, as Python's handlers wait for whatever the main thread does; it hears
    of them by a pipe that the system's own handler writes. Where there is no thread for it, there is no last resort."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        with contextlib.suppress(FilesUnavailable):
            begin(lambda: _watch(reader), "last-resort")
            reader = -1  # the thread's, from now on
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)
        if reader >= 0:
            os.close(reader)


def _watch(reader: int) -> None:
    """Until the pipe is closed; or the process is ended."""
    heard: list[int] = []
    until: float | None = None
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    try:
        while True:
            if not poll.poll(None if until is None else max(0.0, until - monotonic()) * 1000):
                _end(128 + heard[0])
            numbers = os.read(reader, 512)
            if not numbers:
                return
            heard += [number for number in numbers if number in SIGNALS]
            if until is None and len(heard) > 1:
                until = monotonic() + WITHIN_S
    finally:
        os.close(reader)


def _end(code: int) -> NoReturn:
    watch = select.poll()
    with contextlib.suppress(OSError, ValueError, AttributeError):
        watch.register(sys.stderr.fileno(), select.POLLOUT)
        if watch.poll(0):  # its reader may be what we wait for
            os.write(sys.stderr.fileno(), _MESSAGE.encode())
    os._exit(code)
