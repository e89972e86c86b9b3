"""Whether what the phases need is out of reach: many different ones fail transiently, one after the other. Pure.

Then nothing is claimed for a while, and after that one phase is tried, as a probe. The first result that is no transient
failure ends it.
"""

from __future__ import annotations

from typing import Final

from batchdrain.config.settings import Retry
from batchdrain.model.phase import PhaseKey

_LEAST_S: Final = 0.01
_MOST_DOUBLINGS: Final = 30


class TransientOutage:
    """Fed with each result. Moments are seconds of one clock, whichever it is."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._alike: set[PhaseKey] = set()
        self.pauses = 0  #: so far; 0 where there is none
        self._began_s = 0.0
        self.due_s = 0.0  #: no claim before it

    @property
    def is_open(self) -> bool:
        """Whether it lasts: but for one probe after each pause, nothing is to be claimed."""
        return self.pauses > 0

    @property
    def is_suspect(self) -> bool:
        """The last result was a transient failure. A phase that was not yet tried tells more than a retry: that might burn
        its last attempt on an outage that we are about to see."""
        return not self.is_open and bool(self._retry.outage_after) and bool(self._alike)

    def lasts_s(self, now_s: float) -> float:
        """How long it has lasted; 0.0 where there is none."""
        return now_s - self._began_s if self.is_open else 0.0

    def permits(self, workers: int, now_s: float) -> int:
        """How many phases may run side by side now."""
        if not self.is_open:
            return workers
        return 0 if now_s < self.due_s else 1

    def note(self, key: PhaseKey, now_s: float, *, is_transient: bool) -> float | None:
        """Heed a result. Seconds of the pause that it begins; None where it begins none."""
        if not is_transient:
            self._alike.clear()
            self.pauses = 0
            return None
        self._alike.add(key)
        if not self._retry.outage_after or len(self._alike) < self._retry.outage_after:
            return None
        if self.is_open and now_s < self.due_s:  # it began before the pause did
            return None
        if not self.is_open:
            self._began_s = now_s
        longest = self._retry.initial_s * 2.0 ** min(self.pauses, _MOST_DOUBLINGS)
        wait_s = max(_LEAST_S, min(self._retry.max_s, longest))
        self.pauses += 1
        self.due_s = now_s + wait_s
        return wait_s
