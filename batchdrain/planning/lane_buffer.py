"""What stays in memory of a backlog: for each lane how many phases wait, and the first few of them."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from batchdrain.model.id_order import OrderOf, as_text
from batchdrain.model.phase import Skip

LAST: Final = float("inf")
"""Stands for no phase_index: it goes last."""
Kept = tuple[float, str, Any]
"""phase_index, phase_id, failure text as the driver gives it: the first two are the order of the phases of a lane. A float is
exact up to 2**53, so an index is kept as the int that it is. The text may hold secrets: RankedLanes makes a Failure of it."""
_as_texts: Final = itemgetter(0, 1)


def order_of(phase: OrderOf) -> Callable[[Kept], Any]:
    """The order of the phases of a lane. `phase`: that of their ids."""
    return _as_texts if phase is as_text else lambda kept: (kept[0], phase(kept[1]))


@dataclass(slots=True)
class LaneBuffer:
    """The waiting phases of one lane: all counted, the first ones kept."""

    run_id: str
    category: str
    attempts: int
    promising: bool = False  #: a diagnosis says so of each of its phases
    skip: Skip | None = None  #: why nothing of it is drained: then its phases are counted, and none is kept
    waiting: int = 0
    kept: list[Kept] = field(default_factory=list)
    worst: float = LAST  #: a phase with a higher index need not be kept
    version: int = 0
    stamp: Hashable = None  #: of what was known when it was ranked
    order: Callable[[Kept], Any] = _as_texts  #: as `order_of` makes it
    rest: float = LAST  #: the lowest index of those that wait and are not kept; LAST where they have none

    def trim(self, room: int) -> None:
        """Keep the first `room` in order."""
        if len(self.kept) > 1:
            _sort(self.kept, self.order)
        if len(self.kept) > room:
            self.worst = self.kept[room - 1][0]
            self.rest = min(self.rest, self.kept[room][0])
        self.kept = self.kept[:room]  # a new list: one that has grown takes more than it holds

    def take(self) -> Kept:
        """The first one; it leaves the buffer."""
        self.waiting -= 1
        return self.kept.pop(0)

    def drop(self, kept: Kept) -> None:
        """One of the kept ones leaves, whichever it is."""
        self.waiting -= 1
        self.kept.remove(kept)

    def put(self, kept: Kept) -> None:
        """In its place; where that is behind the kept ones, it is only counted."""
        if self.waiting == len(self.kept) or (self.kept and self.order(kept) < self.order(self.kept[-1])):
            bisect.insort(self.kept, kept, key=self.order)
        else:
            self.rest = min(self.rest, kept[0])
        self.waiting += 1


def _sort(kept: list[Kept], order: Callable[[Kept], Any]) -> None:
    """Without a key it takes half as long; texts, which stand behind the ids, are compared where ids are not unique alone."""
    if order is _as_texts:
        try:
            kept.sort()
        except TypeError:  # of those texts one is NULL
            kept.sort(key=order)
    else:
        kept.sort(key=order)
