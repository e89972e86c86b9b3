"""The place numbers of a session's phases, as shown to people: [3/10]."""

from __future__ import annotations

import heapq


class PlaceNumbers:
    """Draws place numbers. No two phases have one number at the same time. A number that is given back goes to the next phase."""

    def __init__(self, before: int = 0) -> None:
        """`before`: how many phases have the first numbers already."""
        self._last = before
        self._free: list[int] = []

    def draw(self) -> int:
        """The lowest free number."""
        if self._free:
            return heapq.heappop(self._free)
        self._last += 1
        return self._last

    def give_back(self, number: int) -> None:
        """Free the number of a phase that was not executed."""
        heapq.heappush(self._free, number)
