"""The places of a session's phases, for people: [3/10]."""

from __future__ import annotations

import heapq


class PlaceNumbers:
    """No two phases have one place at the same time. That of a phase that came to nothing is the next one's."""

    def __init__(self, before: int = 0) -> None:
        """`before`: phases that have the first places already."""
        self._last = before
        self._free: list[int] = []

    def draw(self) -> int:
        """The first place that is free."""
        if self._free:
            return heapq.heappop(self._free)
        self._last += 1
        return self._last

    def give_back(self, number: int) -> None:
        """Its phase came to nothing."""
        heapq.heappush(self._free, number)
