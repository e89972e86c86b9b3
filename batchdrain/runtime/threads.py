"""Starts our threads. None of them hears signals. If the machine has no threads left, that is reported."""

from __future__ import annotations

import mmap
import resource
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime.resources import REMEDY, raise_shortage
from batchdrain.runtime.signals import leave_to_the_main_thread

_STACK_BYTES: Final = 8 << 20  # used if there is no limit
_SPARE_BYTES: Final = 4 << 20
_BEGINS_WITHIN_S: Final = 60.0


def require_room(threads: int) -> None:
    """Check that there is memory for the stacks of this many threads, and a little more. Raises FilesUnavailable.

    Python waits for ever for a thread that finds no memory for its first steps, so this has to be checked before.
    """
    stack = threading.stack_size() or resource.getrlimit(resource.RLIMIT_STACK)[0]
    stack = _STACK_BYTES if stack <= 0 else stack
    try:
        mmap.mmap(-1, threads * stack + _SPARE_BYTES).close()  # none of this memory is touched
    except (OSError, OverflowError, MemoryError) as error:
        message = f"there is no room for {threads} threads of {stack // 1024} kB and {_SPARE_BYTES // 1024} kB more"
        raise FilesUnavailable(message, remedy=REMEDY) from error


def begin(work: Callable[[], None], name: str) -> threading.Thread:
    """Start a daemon thread. Raises FilesUnavailable."""

    def run() -> None:
        leave_to_the_main_thread()
        work()

    thread = threading.Thread(target=run, name=f"batchdrain-{name}", daemon=True)
    with raise_shortage():
        thread.start()
    return thread


def begin_all(pool: ThreadPoolExecutor, workers: int) -> None:
    """Start all threads of a pool at once. Raises FilesUnavailable.

    A pool that starts its threads one by one keeps an order even if it could not start a thread for it, and gives it to the
    next free thread. The order would be executed after it was given back.
    """
    all_there = threading.Barrier(workers + 1)
    try:
        with raise_shortage():
            for _ in range(workers):
                pool.submit(all_there.wait)
        all_there.wait(_BEGINS_WITHIN_S)
    except threading.BrokenBarrierError:
        pool.shutdown(wait=False, cancel_futures=True)
        raise FilesUnavailable("the threads of the workers did not begin", remedy=REMEDY) from None
    except BaseException:  # threads that wait at the barrier would keep the process from ending
        all_there.abort()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
