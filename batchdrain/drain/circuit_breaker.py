"""Whether what the phases need is out of reach, as of now: the rule is planning.transient_outage's.

What fails transiently meanwhile is given back and not counted: an outage burns nobody's attempts.
"""

from __future__ import annotations

from time import monotonic

from batchdrain.config.settings import Retry
from batchdrain.drain.retry import RETRIED
from batchdrain.model.attempt import Attempt
from batchdrain.model.states import COUNTED, Outcome
from batchdrain.planning.transient_outage import TransientOutage


class CircuitBreaker:
    """Fed with each result; asked before each claim how many phases may run, and until when to wait."""

    def __init__(self, retry: Retry) -> None:
        self.outage = TransientOutage(retry)  #: as it stands

    @property
    def is_open(self) -> bool:
        """Whether an outage lasts: but for one probe after each pause, nothing is to be claimed."""
        return self.outage.is_open

    @property
    def due(self) -> float:
        """Monotonic: no claim before it."""
        return self.outage.due_s

    @property
    def pauses(self) -> int:
        """Of the outage so far."""
        return self.outage.pauses

    @property
    def is_suspect(self) -> bool:
        """The last result was a transient failure: a phase that was not yet tried tells more than a retry."""
        return self.outage.is_suspect

    @property
    def lasts_s(self) -> float:
        """How long the outage has lasted; 0.0 where there is none."""
        return self.outage.lasts_s(monotonic())

    def permits(self, workers: int) -> int:
        """How many phases may run side by side now."""
        return self.outage.permits(workers, monotonic())

    def note(self, attempt: Attempt) -> float | None:
        """Heed the end of an attempt. Seconds of the pause that it begins; None where it begins none."""
        if attempt.outcome not in COUNTED:
            return None
        return self.outage.note(attempt.phase.key, monotonic(), is_transient=is_transient(attempt))


def is_transient(attempt: Attempt) -> bool:
    """Whether a failure may be an outage's: of the category that is retried, and not for want of time."""
    return attempt.outcome is Outcome.FAILED and attempt.category == RETRIED and not attempt.wants_more_time
