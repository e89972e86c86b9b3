"""Futures in the order in which they end: to wait for one of many costs no more than to wait for one."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any


class EndedFutures:
    """Of the orders of a drain. What somebody waits for stays here until it is taken: an error may come in between."""

    def __init__(self) -> None:
        self._new = SimpleQueue[Future[Any]]()  # filled by any thread, and by a signal's handler where that cancels
        self._ended: deque[Future[Any]] = deque()

    def __bool__(self) -> bool:
        return bool(self._ended) or not self._new.empty()

    def follow(self, future: Future[Any]) -> None:
        """It comes here once it is done, or was cancelled."""
        future.add_done_callback(self._new.put)

    def wait(self, within_s: float | None) -> bool:
        """Whether there is any by then; None: for ever."""
        try:
            self._ended.append(self._new.get(timeout=0 if self._ended else within_s))
            while True:
                self._ended.append(self._new.get_nowait())
        except Empty:
            return bool(self._ended)

    def take(self) -> Future[Any] | None:
        """The first of them that nobody took yet; None: there is none now."""
        return self._ended.popleft() if self.wait(0) else None
