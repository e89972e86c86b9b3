"""What stays in memory of a backlog: for each lane how many phases wait, and the first few of them."""

from __future__ import annotations

import bisect
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, Skip
from batchdrain.model.states import PhaseState

LAST: Final = float("inf")
"""Stands for no phase_index: it goes last."""
Kept = tuple[float, str, Failure]
"""phase_index, phase_id, failure: in this order they are the order of the phases of a lane. A float is exact up to
2**53, so an index is kept as the int that it is."""


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

    def trim(self, room: int) -> None:
        """Keep the first `room` in order."""
        self.kept.sort(key=_order)
        if len(self.kept) > room:
            del self.kept[room:]
            self.worst = self.kept[-1][0]

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
        if self.waiting == len(self.kept) or (self.kept and _order(kept) < _order(self.kept[-1])):
            bisect.insort(self.kept, kept, key=_order)
        self.waiting += 1

    def phase(self, kept: Kept, state: PhaseState) -> Phase:
        """The phase that a kept one stands for."""
        index, phase_id, failure = kept
        return Phase(
            run_id=self.run_id,
            phase_id=phase_id,
            phase_index=None if index == LAST else int(index),
            state=state,
            failure=failure,
            attempts=self.attempts,
        )


def _order(kept: Kept) -> tuple[float, str]:
    return kept[:2]
