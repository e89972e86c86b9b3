"""Whether what the phases need is out of reach: many different ones fail transiently, one after the other.

Then nothing is claimed for a while, and after that one phase is tried, as a probe. What fails transiently meanwhile is given
back and not counted: an outage burns nobody's attempts. The first result that is no transient failure ends it.
"""

from __future__ import annotations

from time import monotonic
from typing import Final

from batchdrain.config.settings import Retry
from batchdrain.drain.retry import RETRIED
from batchdrain.model.attempt import Attempt
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import COUNTED, Outcome

_LEAST_S: Final = 0.01
_MOST_DOUBLINGS: Final = 30


class CircuitBreaker:
    """Fed with each result; asked before each claim how many phases may run, and until when to wait."""

    def __init__(self, retry: Retry) -> None:
        self._retry = retry
        self._alike: set[PhaseKey] = set()
        self._pauses = 0
        self._began = 0.0
        self.due = 0.0  #: monotonic: no claim before it

    @property
    def is_open(self) -> bool:
        """Whether an outage lasts: but for one probe after each pause, nothing is to be claimed."""
        return self._pauses > 0

    @property
    def pauses(self) -> int:
        """Of the outage so far."""
        return self._pauses

    @property
    def is_suspect(self) -> bool:
        """The last result was a transient failure. A phase that was not yet tried tells more than a retry: that might burn
        its last attempt on an outage that we are about to see."""
        return not self.is_open and bool(self._retry.outage_after) and bool(self._alike)

    @property
    def lasts_s(self) -> float:
        """How long the outage has lasted; 0.0 where there is none."""
        return monotonic() - self._began if self.is_open else 0.0

    def permits(self, workers: int) -> int:
        """How many phases may run side by side now."""
        if not self.is_open:
            return workers
        return 0 if monotonic() < self.due else 1

    def note(self, attempt: Attempt) -> float | None:
        """Heed the end of an attempt. Seconds of the pause that it begins; None where it begins none."""
        if attempt.outcome not in COUNTED:
            return None
        if not is_transient(attempt):
            self._alike.clear()
            self._pauses = 0
            return None
        self._alike.add(attempt.phase.key)
        if not self._retry.outage_after or len(self._alike) < self._retry.outage_after:
            return None
        if self.is_open and monotonic() < self.due:  # it began before the pause did
            return None
        if not self.is_open:
            self._began = monotonic()
        longest = self._retry.initial_s * 2.0 ** min(self._pauses, _MOST_DOUBLINGS)
        wait_s = max(_LEAST_S, min(self._retry.max_s, longest))
        self._pauses += 1
        self.due = monotonic() + wait_s
        return wait_s


def is_transient(attempt: Attempt) -> bool:
    """Whether a failure may be an outage's: of the category that is retried, and not for want of time."""
    return attempt.outcome is Outcome.FAILED and attempt.category == RETRIED and not attempt.wants_more_time
