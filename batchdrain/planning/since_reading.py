"""What happened since a reading began: it does not know of that."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from batchdrain.model.attempt import Attempt
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.verdicts import Verdict


class Told(Protocol):
    """A backlog, as far as it is told."""

    def forget(self, key: PhaseKey) -> None:
        """The phase waits no more."""

    def touch(self, run_id: str, now: datetime, attempt: Attempt | None = None) -> None:
        """There was a result."""

    def apply(self, verdict: Verdict, now: datetime) -> None:
        """A diagnosis said this."""


@dataclass(slots=True)
class SinceReading:
    """In the order in which it happened."""

    chosen: list[PhaseKey] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def apply_to(self, backlog: Told, now: datetime) -> None:
        """The reading was just taken over."""
        for key in self.chosen:
            backlog.forget(key)
        for attempt in self.attempts:
            backlog.touch(attempt.phase.run_id, now, attempt)
        for verdict in self.verdicts:
            backlog.apply(verdict, now)
