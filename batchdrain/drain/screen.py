"""What a screen is told. Everything it is told is durable already."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import ScheduledAttempt, TimeLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The header of a drain."""

    session_id: str
    database: str  #: masked URL, place and counts
    state: str  #: failed or queued
    target: int | None  #: phases that the session is to come to, those of earlier goes included; None: all there are
    done: int  #: of them by earlier goes
    workers: int
    run_id: str | None = None  #: the only run that is drained


class Screen(Protocol):
    """What is shown of a drain, step by step. Called after the fact is durable; never raises for a reader that left."""

    def begin(self, opening: Opening) -> None: ...

    def selected(self, scheduled: ScheduledAttempt) -> None: ...

    def started(self, scheduled: ScheduledAttempt, limit: TimeLimit) -> None: ...

    def lost(self, scheduled: ScheduledAttempt, why: str) -> None: ...

    def finished(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None: ...

    def released(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None: ...

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str) -> None: ...

    def notice(self, text: str) -> None: ...

    def end(self) -> None: ...


class Silent:
    """The screen of --quiet."""

    def begin(self, opening: Opening) -> None: ...

    def selected(self, scheduled: ScheduledAttempt) -> None: ...

    def started(self, scheduled: ScheduledAttempt, limit: TimeLimit) -> None: ...

    def lost(self, scheduled: ScheduledAttempt, why: str) -> None: ...

    def finished(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None: ...

    def released(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None: ...

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str) -> None: ...

    def notice(self, text: str) -> None: ...

    def end(self) -> None: ...
