"""Detects that something the phases need is out of reach: many different phases fail transiently, one after the other. Pure.

Then nothing is claimed for a while, and after that one phase is tried as a probe. The first result that is not a transient
failure ends the outage.
"""

from __future__ import annotations

from typing import Final

from batchdrain.config.settings import Retry
from batchdrain.model.phase import PhaseKey

_LEAST_S: Final = 0.01
_MOST_DOUBLINGS: Final = 30


class TransientOutage:
    """Learns from each result. All times are seconds of one clock, whichever it is."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._alike: set[PhaseKey] = set()
        self.pauses = 0  #: pauses of this outage so far; 0 if there is no outage
        self._began_s = 0.0
        self.due_s = 0.0  #: nothing is claimed before this time

    @property
    def is_open(self) -> bool:
        """Whether there is an outage. Then nothing may be claimed except one probe after each pause."""
        return self.pauses > 0

    @property
    def is_suspect(self) -> bool:
        """Whether the last result was a transient failure, and no outage is known yet. Then a phase that was not yet tried
        tells more than a retry, which might spend its last attempt on an outage that we are about to detect."""
        return not self.is_open and bool(self._retry.outage_after) and bool(self._alike)

    def lasts_s(self, now_s: float) -> float:
        """How long the outage has lasted; 0.0 if there is none."""
        return now_s - self._began_s if self.is_open else 0.0

    def permits(self, workers: int, now_s: float) -> int:
        """How many phases may run side by side now."""
        if not self.is_open:
            return workers
        return 0 if now_s < self.due_s else 1

    def note(self, key: PhaseKey, now_s: float, *, is_transient: bool) -> float | None:
        """Note a result. Returns the seconds of the pause that it begins; None if it begins none."""
        if not is_transient:
            self._alike.clear()
            self.pauses = 0
            return None
        self._alike.add(key)
        if not self._retry.outage_after or len(self._alike) < self._retry.outage_after:
            return None
        if self.is_open and now_s < self.due_s:  # the attempt began before the pause did
            return None
        if not self.is_open:
            self._began_s = now_s
        longest = self._retry.initial_s * 2.0 ** min(self.pauses, _MOST_DOUBLINGS)
        wait_s = max(_LEAST_S, min(self._retry.max_s, longest))
        self.pauses += 1
        self.due_s = now_s + wait_s
        return wait_s
