"""Collects what happens while a reading is under way, since that reading cannot know of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from batchdrain.model.attempt import Attempt
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.verdicts import Verdict


class Told(Protocol):
    """The part of a backlog that is told of these events."""

    def forget(self, key: PhaseKey) -> None:
        """The phase no longer waits."""

    def touch(self, run_id: str, now: datetime, attempt: Attempt | None = None) -> None:
        """The run had a result."""

    def apply(self, verdict: Verdict, now: datetime) -> None:
        """A diagnosis gave this verdict."""


@dataclass(slots=True)
class SinceReading:
    """The events of each kind, in the order in which they happened."""

    chosen: list[PhaseKey] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    verdicts: list[Verdict] = field(default_factory=list)

    def apply_to(self, backlog: Told, now: datetime) -> None:
        """Tell all events to a backlog that has just taken over the reading."""
        for key in self.chosen:
            backlog.forget(key)
        for attempt in self.attempts:
            backlog.touch(attempt.phase.run_id, now, attempt)
        for verdict in self.verdicts:
            backlog.apply(verdict, now)
