"""Threads of ours: none of them hears a signal, and where the machine has none left that is told."""

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

_STACK_BYTES: Final = 8 << 20  # where there is no limit
_SPARE_BYTES: Final = 4 << 20
_BEGINS_WITHIN_S: Final = 60.0


def require_room(threads: int) -> None:
    """For the stacks of so many threads, and a little more. Raises FilesUnavailable.

    Where a thread finds no memory for its first steps, Python waits for it for ever: so that has to be seen before.
    """
    stack = threading.stack_size() or resource.getrlimit(resource.RLIMIT_STACK)[0]
    stack = _STACK_BYTES if stack <= 0 else stack
    try:
        mmap.mmap(-1, threads * stack + _SPARE_BYTES).close()  # nothing of it is touched
    except (OSError, OverflowError, MemoryError) as error:
        message = f"there is no room for {threads} threads of {stack // 1024} kB and {_SPARE_BYTES // 1024} kB more"
        raise FilesUnavailable(message, remedy=REMEDY) from error


def begin(work: Callable[[], None], name: str) -> threading.Thread:
    """A thread that works beside us and ends with us. Raises FilesUnavailable."""

    def run() -> None:
        leave_to_the_main_thread()
        work()

    thread = threading.Thread(target=run, name=f"batchdrain-{name}", daemon=True)
    with raise_shortage():
        thread.start()
    return thread


def begin_all(pool: ThreadPoolExecutor, workers: int) -> None:
    """Start every thread of a pool at once. Raises FilesUnavailable.

    A pool that starts them one by one keeps an order whose thread it could not start, and gives it to the next that is free:
    it would be executed after it was given back.
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
    except BaseException:  # whoever waits at the barrier would keep the process from ending
        all_there.abort()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
