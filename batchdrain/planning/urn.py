"""Ways that were taken so far, of which the next one is drawn."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple


class KnownWays(NamedTuple):
    """Before anything is drawn."""

    ways: list[str]
    sums: list[int]  #: of their counts, up to each
    once: int  #: ways that were taken once

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> KnownWays:
        """`counts`: how often each was taken."""
        return cls(list(counts), list(accumulate(counts.values())), sum(count == 1 for count in counts.values()))

    @property
    def total(self) -> int:
        """How often any was taken."""
        return self.sums[-1] if self.sums else 0


NO_WAYS: Final = KnownWays([], [], 0)


class Urn:
    """What was drawn is likelier from then on (F. M. Hoppe, 'Pólya-like urns and the Ewens' sampling formula', 1984)."""

    def __init__(self, known: KnownWays, new: float) -> None:
        """`new`: how likely one is that was not taken before."""
        self._known = known
        self._new = new
        self._since: list[str] = []

    def draw(self, dice: Random) -> str | None:
        """None: one that was not taken before."""
        total = self._known.total + len(self._since)
        if not total or dice.random() < self._new:
            return None
        at = dice.randrange(total)
        if at < self._known.total:
            return self._known.ways[bisect(self._known.sums, at)]
        return self._since[at - self._known.total]

    def put(self, way: str) -> None:
        """It was taken."""
        self._since.append(way)
