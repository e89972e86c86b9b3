"""An urn model: the ways taken so far, from which the next one is drawn."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple


class KnownWays(NamedTuple):
    """The counts of ways before anything is drawn."""

    ways: list[str]
    sums: list[int]  #: the running sums of their counts
    once: int  #: how many ways were taken exactly once

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> KnownWays:
        """`counts`: how often each way was taken."""
        return cls(list(counts), list(accumulate(counts.values())), sum(count == 1 for count in counts.values()))

    @property
    def total(self) -> int:
        """How often any way was taken."""
        return self.sums[-1] if self.sums else 0


NO_WAYS: Final = KnownWays([], [], 0)


class Urn:
    """Whatever is put in becomes more likely to be drawn (F. M. Hoppe, 'Pólya-like urns and the Ewens' sampling formula',
    1984)."""

    def __init__(self, known: KnownWays, new: float) -> None:
        """`new`: the chance that the next way is one that was never taken."""
        self._known = known
        self._new = new
        self._since: list[str] = []

    def draw(self, dice: Random) -> str | None:
        """Draw a way; None: one that was never taken."""
        total = self._known.total + len(self._since)
        if not total or dice.random() < self._new:
            return None
        at = dice.randrange(total)
        if at < self._known.total:
            return self._known.ways[bisect(self._known.sums, at)]
        return self._since[at - self._known.total]

    def put(self, way: str) -> None:
        """Note that a way was taken."""
        self._since.append(way)
