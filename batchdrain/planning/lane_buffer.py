"""The part of a backlog that stays in memory: how many phases wait in each lane, and the first few of them."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, Final

from batchdrain.model.id_order import OrderOf, as_text
from batchdrain.model.phase import Skip

LAST: Final = float("inf")
"""Stands for a missing phase_index, which sorts last."""
Kept = tuple[float, str, Any]
"""(phase_index, phase_id, failure text as the driver gives it). The first two order the phases of a lane. A float is exact
only up to 2**53, so an index is kept as the int that it is. The text may hold secrets; RankedLanes makes a redacted Failure
of it."""
_as_texts: Final = itemgetter(0, 1)


def order_of(phase: OrderOf) -> Callable[[Kept], Any]:
    """The key that orders the phases of a lane. `phase`: the order of phase ids."""
    return _as_texts if phase is as_text else lambda kept: (kept[0], phase(kept[1]))


@dataclass(slots=True)
class LaneBuffer:
    """The waiting phases of one lane: all are counted, the first ones are kept."""

    run_id: str
    category: str
    attempts: int
    promising: bool = False  #: a diagnosis called each of its phases promising
    skip: Skip | None = None  #: why none of its phases is drained; if set, they are counted but not kept
    waiting: int = 0
    kept: list[Kept] = field(default_factory=list)
    worst: float = LAST  #: a phase with a higher index need not be kept
    version: int = 0
    stamp: Hashable = None  #: identifies what was known when it was ranked
    order: Callable[[Kept], Any] = _as_texts  #: as `order_of` makes it
    rest: float = LAST  #: the lowest index of the waiting phases that are not kept; LAST if there is none

    def trim(self, room: int) -> None:
        """Keep only the first `room` phases, in order."""
        if len(self.kept) > 1:
            _sort(self.kept, self.order)
        if len(self.kept) > room:
            self.worst = self.kept[room - 1][0]
            self.rest = min(self.rest, self.kept[room][0])
        self.kept = self.kept[:room]  # a new list: a list that has grown holds on to more memory than it needs

    def take(self) -> Kept:
        """Remove the first kept phase and return it."""
        self.waiting -= 1
        return self.kept.pop(0)

    def drop(self, kept: Kept) -> None:
        """Remove one of the kept phases."""
        self.waiting -= 1
        self.kept.remove(kept)

    def put(self, kept: Kept) -> None:
        """Insert a phase in its place. If that place is behind the kept phases, it is only counted."""
        if self.waiting == len(self.kept) or (self.kept and self.order(kept) < self.order(self.kept[-1])):
            bisect.insort(self.kept, kept, key=self.order)
        else:
            self.rest = min(self.rest, kept[0])
        self.waiting += 1


def _sort(kept: list[Kept], order: Callable[[Kept], Any]) -> None:
    """Sorting without a key takes half the time. Then the failure texts, which stand behind the ids, are compared too if
    several rows have the same ids."""
    if order is _as_texts:
        try:
            kept.sort()
        except TypeError:  # one of those texts is NULL
            kept.sort(key=order)
    else:
        kept.sort(key=order)
