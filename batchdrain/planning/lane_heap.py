"""The lanes by their rank. What a result teaches reaches a lane when it comes to the top, not before.

Ranking thousands of lanes anew after each result would cost more than many a phase. So a lane keeps the rank that it had
and a stamp of what was known then. Only the first lane of each category is ranked again, if its stamp is old; where that
puts another one first, that one is, within a limit. A lane that got better below the first of its category is found when
it is touched, or at the next reading.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final, Generic, Protocol, TypeVar

RENEWALS: Final = 12
"""How many lanes are ranked anew for one choice, at most."""


class Ranked(Protocol):
    """A lane, as far as a heap looks at it. The heap writes version and stamp, and nothing else."""

    run_id: str
    category: str
    version: (
        int  #: the number of the push that it stands by, 0 where it stands nowhere; what else the heap holds of it is void
    )
    stamp: Hashable  #: of what was known when it was ranked


L = TypeVar("L", bound=Ranked)
_Entry = tuple[Any, ...]
"""The parts of a rank, the number of the push and the lane: one tuple, as there may be tens of thousands."""


class LaneHeap(Generic[L]):
    """A heap for each category. A rank is a tuple. Its errors are TypeError, of ranks that can't be compared."""

    def __init__(self, stamp: Callable[[L], Hashable]) -> None:
        self._stamp = stamp
        self._heaps: dict[str, list[_Entry]] = {}
        self._pushes = 0
        self._before: dict[int, tuple[L, int, Hashable]] | None = None  # the lanes that a trial changed, as they were

    def push(self, lane: L, rank: tuple[Any, ...]) -> None:
        """In place of where it stood before."""
        self.drop(lane)
        heapq.heappush(self._heaps.setdefault(lane.category, []), self._enter(lane, rank))

    def append(self, lane: L, rank: tuple[Any, ...]) -> None:
        """A lane that stands nowhere yet: `settle` comes before anything else is asked."""
        self._heaps.setdefault(lane.category, []).append(self._enter(lane, rank))

    def _enter(self, lane: L, rank: tuple[Any, ...]) -> _Entry:
        self._pushes = lane.version = number = self._pushes + 1
        lane.stamp = self._stamp(lane)
        return (*rank, number, lane)

    def settle(self) -> None:
        """Put what was appended in its place: many lanes at less than pushing each."""
        for heap in self._heaps.values():
            heapq.heapify(heap)

    def drop(self, lane: L) -> None:
        """It stands nowhere until it is pushed again."""
        if self._before is not None:
            self._before.setdefault(id(lane), (lane, lane.version, lane.stamp))
        lane.version = 0

    def ranks(self) -> list[list[Any]]:
        """Of the lanes that stand in it."""
        return [rank for heap in self._heaps.values() for *rank, number, lane in heap if number == lane.version]

    @contextmanager
    def trial(self) -> Iterator[None]:
        """What is pushed, dropped and popped meanwhile is undone, and so are stamps: as if nothing had been."""
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
        """The first lane of a run that is not `busy`, taken out. `rank`: of a lane, as things are known now."""
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
        """Rank the head of a heap anew where its stamp is old. Returns whether it was."""
        if not self._has_head(heap, busy, aside):
            return False
        lane = heap[0][-1]
        if lane.stamp == self._stamp(lane):
            return False
        now = rank(lane)  # it may raise: the lane still stands where it stood then
        heapq.heappop(heap)
        self.push(lane, now)
        return True

    def _has_head(self, heap: list[_Entry], busy: Container[str], aside: list[_Entry]) -> bool:
        """Whether a heap holds a lane that may be taken, which is its head then."""
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
