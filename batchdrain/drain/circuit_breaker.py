"""Tells whether something that the phases need is out of reach now. The rule is that of planning.transient_outage.

Phases that fail transiently during an outage are given back and not counted: an outage uses up nobody's attempts.
"""

from __future__ import annotations

from time import monotonic

from batchdrain.config.settings import Retry
from batchdrain.drain.retry import RETRIED
from batchdrain.model.attempt import Attempt
from batchdrain.model.states import COUNTED, Outcome
from batchdrain.planning.transient_outage import TransientOutage


class CircuitBreaker:
    """Is told of each result, and says before each claim how many phases may run and until when to wait."""

    def __init__(self, retry: Retry) -> None:
        self.outage = TransientOutage(retry)  #: its present state

    @property
    def is_open(self) -> bool:
        """Whether an outage lasts. Then nothing is to be claimed but one probe after each pause."""
        return self.outage.is_open

    @property
    def due(self) -> float:
        """The earliest time of the next claim (monotonic, seconds)."""
        return self.outage.due_s

    @property
    def pauses(self) -> int:
        """How many pauses the outage has had so far."""
        return self.outage.pauses

    @property
    def is_suspect(self) -> bool:
        """Whether the last result was a transient failure. Then a phase that was not yet tried tells more than a retry."""
        return self.outage.is_suspect

    @property
    def lasts_s(self) -> float:
        """For how many seconds the outage has lasted; 0.0 if there is none."""
        return self.outage.lasts_s(monotonic())

    def permits(self, workers: int) -> int:
        """How many phases may run side by side now."""
        return self.outage.permits(workers, monotonic())

    def note(self, attempt: Attempt) -> float | None:
        """Take account of the end of an attempt. Returns the seconds of the pause that it begins; None if it begins none."""
        if attempt.outcome not in COUNTED:
            return None
        return self.outage.note(attempt.phase.key, monotonic(), is_transient=is_transient(attempt))


def is_transient(attempt: Attempt) -> bool:
    """Whether a failure may come from an outage: its category is the retried one, and it did not just want more time."""
    return attempt.outcome is Outcome.FAILED and attempt.category == RETRIED and not attempt.wants_more_time
