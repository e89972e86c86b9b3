"""A priority queue whose items can be held back until a key is free."""

from __future__ import annotations

import heapq
from collections.abc import Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T", bound=tuple[Any, ...])


class ReadyQueue(Generic[T]):
    """Items come out in their own order. Held items wait aside."""

    def __init__(self) -> None:
        self._ready: list[T] = []
        self._aside: dict[Hashable, list[T]] = {}

    def put(self, one: T) -> None:
        """Add an item that may begin."""
        heapq.heappush(self._ready, one)

    def put_aside(self, one: T, key: Hashable) -> None:
        """Hold an item back until `key` is free."""
        heapq.heappush(self._aside.setdefault(key, []), one)

    def free(self, key: Hashable) -> None:
        """Release the first item that `key` held back."""
        if aside := self._aside.get(key):
            heapq.heappush(self._ready, heapq.heappop(aside))

    def pop(self) -> T | None:
        """Remove and return the first item that may begin; None if there is none."""
        return heapq.heappop(self._ready) if self._ready else None
