"""Collects futures in the order in which they end. Waiting for one of many costs no more than waiting for one."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any


class EndedFutures:
    """The ended orders of a drain. They stay here until they are taken, as an error may come between `wait` and `take`."""

    def __init__(self) -> None:
        self._new = SimpleQueue[Future[Any]]()  # filled by any thread, and by a signal handler that cancels
        self._ended: deque[Future[Any]] = deque()

    def __bool__(self) -> bool:
        return bool(self._ended) or not self._new.empty()

    def follow(self, future: Future[Any]) -> None:
        """Add the future here once it is done or cancelled."""
        future.add_done_callback(self._new.put)

    def wait(self, within_s: float | None) -> bool:
        """Wait up to `within_s` seconds (None: for ever) until a future has ended. Returns whether one has."""
        try:
            self._ended.append(self._new.get(timeout=0 if self._ended else within_s))
            while True:
                self._ended.append(self._new.get_nowait())
        except Empty:
            return bool(self._ended)

    def take(self) -> Future[Any] | None:
        """Take the first ended future that nobody took yet; None if there is none now."""
        return self._ended.popleft() if self.wait(0) else None
