"""Heaps of lanes, ordered by rank. What a result teaches reaches a lane only when the lane comes to the top.

Ranking thousands of lanes again after each result would cost more than many a phase. So a lane keeps its old rank and a stamp
of what was known then. Only the first lane of each category is ranked again, if its stamp is old. If another lane comes first
then, that lane is ranked again in turn, up to a limit. A lane that got better but is not the first of its category is noticed
when it is touched, or at the next reading.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, Protocol, TypeVar

RENEWALS: Final = 12
"""For one choice at most this many lanes are ranked again."""


class Ranked(Protocol):
    """What a heap needs of a lane. The heap writes `version` and `stamp`, and nothing else."""

    run_id: str
    category: str
    version: int  #: number of its latest push, 0: not in the heap; entries with another number are ignored
    stamp: Hashable  #: identifies what was known when it was ranked


L = TypeVar("L", bound=Ranked)
_Entry = tuple[Any, ...]
"""The parts of a rank, the number of the push, and the lane. It is one flat tuple, as there may be tens of thousands."""


class LaneHeap(Generic[L]):
    """A heap for each category. A rank is a tuple. Raises TypeError if two ranks cannot be compared."""

    def __init__(self, stamp: Callable[[L], Hashable]) -> None:
        self._stamp = stamp
        self._heaps: dict[str, list[_Entry]] = {}
        self._pushes = 0
        self._before: dict[int, tuple[L, int, Hashable]] | None = None  # what the lanes that a trial changed were like before

    def push(self, lane: L, rank: tuple[Any, ...]) -> None:
        """Insert the lane, or move it from where it was."""
        self.drop(lane)
        heapq.heappush(self._heaps.setdefault(lane.category, []), self._enter(lane, rank))

    def append(self, lane: L, rank: tuple[Any, ...]) -> None:
        """Add a lane that is in no heap yet. Call `settle` before anything else."""
        self._heaps.setdefault(lane.category, []).append(self._enter(lane, rank))

    def _enter(self, lane: L, rank: tuple[Any, ...]) -> _Entry:
        self._pushes = lane.version = number = self._pushes + 1
        lane.stamp = self._stamp(lane)
        return (*rank, number, lane)

    def settle(self) -> None:
        """Put all appended lanes in their places. For many lanes this is cheaper than pushing each."""
        for heap in self._heaps.values():
            heapq.heapify(heap)

    def drop(self, lane: L) -> None:
        """Take the lane out until it is pushed again."""
        if self._before is not None:
            self._before.setdefault(id(lane), (lane, lane.version, lane.stamp))
        lane.version = 0

    def ranks(self) -> list[list[Any]]:
        """The ranks of all lanes in the heaps."""
        return [rank for heap in self._heaps.values() for *rank, number, lane in heap if number == lane.version]

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Within this context, pushes, drops, pops and new stamps are temporary: they are all undone at its end."""
        heaps, pushes = self._heaps, self._pushes
        self._heaps = {category: heap.copy() for category, heap in heaps.items()}
        self._before = {}
        try:
            yield
        finally:
            for lane, version, stamp in self._before.values():
                lane.version, lane.stamp = version, stamp
            self._heaps, self._pushes, self._before = heaps, pushes, None

    def pop(self, rank: Callable[[L], Any], busy: Container[str]) -> L | None:
        """Take out the first lane of a run that is not `busy`. `rank`: ranks a lane by what is known now."""
        aside: list[_Entry] = []
        try:
            return self._pop(rank, busy, aside)
        finally:
            for entry in aside:
                heapq.heappush(self._heaps[entry[-1].category], entry)

    def _pop(self, rank: Callable[[L], Any], busy: Container[str], aside: list[_Entry]) -> L | None:
        left = RENEWALS
        for heap in self._heaps.values():
            left -= self._renewed(heap, rank, busy, aside)
        while True:
            heads = [heap for heap in self._heaps.values() if self._has_head(heap, busy, aside)]
            if not heads:
                return None
            first = min(heads, key=_head)
            if left > 0 and self._renewed(first, rank, busy, aside):
                left -= 1
                continue
            lane: L = heapq.heappop(first)[-1]
            return lane

    def _renewed(self, heap: list[_Entry], rank: Callable[[L], Any], busy: Container[str], aside: list[_Entry]) -> bool:
        """Rank the head of a heap again if its stamp is old. Returns whether it did."""
        if not self._has_head(heap, busy, aside):
            return False
        lane = heap[0][-1]
        if lane.stamp == self._stamp(lane):
            return False
        now = rank(lane)  # this may raise; the lane is still in its old place then
        heapq.heappop(heap)
        self.push(lane, now)
        return True

    def _has_head(self, heap: list[_Entry], busy: Container[str], aside: list[_Entry]) -> bool:
        """Whether the heap has a lane that may be taken. If so, it is at the head afterwards."""
        while heap:
            *_, number, lane = heap[0]
            if number != lane.version:
                heapq.heappop(heap)
            elif lane.run_id in busy:
                aside.append(heapq.heappop(heap))
            else:
                return True
        return False


def _head(heap: list[_Entry]) -> tuple[Any, ...]:
    return heap[0][:-1]
