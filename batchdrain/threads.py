"""Threads of ours: none of them hears a signal, and where the machine has none left that is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from batchdrain.errors import FilesUnavailable
from batchdrain.signals import leave_to_the_main_thread

_REMEDY = "free memory or processes (ulimit -v, ulimit -u) and try again"


def begin(work: Callable[[], None], name: str) -> threading.Thread:
    """A thread that works beside us and ends with us. Raises FilesUnavailable."""

    def run() -> None:
        leave_to_the_main_thread()
        work()

    thread = threading.Thread(target=run, name=f"batchdrain-{name}", daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # the only way in which Python says it
        raise FilesUnavailable(str(error), remedy=_REMEDY) from error
    return thread


def begin_all(pool: ThreadPoolExecutor, workers: int) -> None:
    """Start every thread of a pool at once. Raises FilesUnavailable.

    A pool that starts them one by one keeps an order whose thread it could not start, and gives it to the next that is free:
    it would be executed after it was given back.
    """
    all_there = threading.Barrier(workers + 1)
    try:
        for _ in range(workers):
            pool.submit(all_there.wait)
    except RuntimeError as error:
        all_there.abort()
        pool.shutdown(wait=False, cancel_futures=True)
        raise FilesUnavailable(str(error), remedy=_REMEDY) from error
    all_there.wait()
