"""What waits for its turn, in its order. What is held back waits aside until that which holds it is free."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=tuple[Any, ...])


class ReadyQueue(Generic[T]):
    """Of things that have an order."""

    def __init__(self) -> None:
        self._ready: list[T] = []
        self._aside: dict[Hashable, list[T]] = {}

    def put(self, one: T) -> None:
        """It may begin."""
        heapq.heappush(self._ready, one)

    def put_aside(self, one: T, key: Hashable) -> None:
        """Until `key` is free."""
        heapq.heappush(self._aside.setdefault(key, []), one)

    def free(self, key: Hashable) -> None:
        """The first of those that it held back may begin."""
        if aside := self._aside.get(key):
            heapq.heappush(self._ready, heapq.heappop(aside))

    def pop(self) -> T | None:
        """The first that may begin leaves it; None: none may."""
        return heapq.heappop(self._ready) if self._ready else None
