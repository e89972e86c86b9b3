"""What a screen is told. Everything it is told is durable already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from batchdrain.drain.snapshot import Snapshot
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import ScheduledAttempt, TimeLimit
from batchdrain.planning.forecast import Forecast
from batchdrain.runtime.text import count_of, safe_text

Look = Callable[[], Snapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """The header of a drain."""

    session_id: str
    database: str  #: masked URL, place and counts
    state: str  #: failed or queued
    target: int | None  #: phases that the session is to come to, those before a resume included; None: all there are
    done: int  #: of them before a resume
    workers: int
    run_id: str | None = None  #: the only run that is drained
    forecast: Forecast | None = None  #: of a session that begins
    group: str | None = None  #: whose drains share the target
    root: Path | None = None  #: where the paths of logs start

    @property
    def aim(self) -> str:
        """'10 failed phases', 'all failed phases', 'up to 10 failed phases, together with all drains of nightly'."""
        noun = f"{self.state} phase"
        aim = f"all {noun}s" if self.target is None else count_of(self.target, noun)
        return aim if self.group is None else f"up to {aim}, together with all drains of {safe_text(self.group)}"


class Screen(Protocol):
    """What is shown of a drain, step by step. Called after the fact is durable; never raises for a reader that left."""

    def begin(self, opening: Opening) -> None:
        """The drain begins; notices may have come before. Raises FilesUnavailable where no thread is left for a display."""

    def watch(self, look: Look) -> None:
        """After `begin`: how far the drain is can be asked for from now on, from any thread."""

    def selected(self, scheduled: ScheduledAttempt) -> None:
        """It is to be drained next, or again; it is not claimed yet."""

    def started(self, scheduled: ScheduledAttempt, limit: TimeLimit) -> None:
        """Its command runs."""

    def lost(self, scheduled: ScheduledAttempt, why: str) -> None:
        """It was selected and could not be claimed. `why`: for people."""

    def finished(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        """Its attempt is a result of the session."""

    def released(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        """It was given back, and is no result of the session."""

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str) -> None:
        """After `finished`: it is tried again in this session. `why`: for people."""

    def notice(self, text: str) -> None:
        """A line that is no fact of a phase."""

    def end(self) -> None:
        """Nothing more comes. Called also where `begin` failed, or was not reached."""


class Silent:
    """The screen of --quiet."""

    def begin(self, opening: Opening) -> None: ...

    def watch(self, look: Look) -> None: ...

    def selected(self, scheduled: ScheduledAttempt) -> None: ...

    def started(self, scheduled: ScheduledAttempt, limit: TimeLimit) -> None: ...

    def lost(self, scheduled: ScheduledAttempt, why: str) -> None: ...

    def finished(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None: ...

    def released(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None: ...

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str) -> None: ...

    def notice(self, text: str) -> None: ...

    def end(self) -> None: ...
