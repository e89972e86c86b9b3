"""The interface of a screen, which shows a drain. Everything that a screen is told is durable already."""

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
    target: int | None  #: how many phases the session is to reach, including those before a resume; None: all there are
    done: int  #: how many of them were done before a resume
    workers: int
    run_id: str | None = None  #: set if only this run is drained
    forecast: Forecast | None = None  #: set if the session is new
    group: str | None = None  #: the group, whose drains share the target
    root: Path | None = None  #: where the paths of logs start

    @property
    def aim(self) -> str:
        """For example 'up to 10 failed phases, together with all drains of nightly'."""
        noun = f"{self.state} phase"
        aim = f"all {noun}s" if self.target is None else count_of(self.target, noun)
        return aim if self.group is None else f"up to {aim}, together with all drains of {safe_text(self.group)}"


class Screen(Protocol):
    """Shows a drain step by step. Each method is called after its fact is durable, and does not raise if the reader of the output
    has gone."""

    def begin(self, opening: Opening) -> None:
        """The drain begins; notices may have come before. Raises FilesUnavailable if no thread can be started for a display."""

    def watch(self, look: Look) -> None:
        """Called after `begin`: from now on `look` tells, in any thread, how far the drain is."""

    def selected(self, scheduled: ScheduledAttempt) -> None:
        """The phase is to be drained next, or tried again; it is not claimed yet."""

    def started(self, scheduled: ScheduledAttempt, limit: TimeLimit) -> None:
        """The command of the phase runs."""

    def lost(self, scheduled: ScheduledAttempt, why: str) -> None:
        """The phase was selected but could not be claimed. `why`: for people."""

    def finished(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        """The attempt is a result of the session."""

    def released(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        """The phase was given back, and has no result in the session."""

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str) -> None:
        """Called after `finished`: the phase is tried again in this session. `why`: for people."""

    def notice(self, text: str) -> None:
        """Show a line that is not about one phase's progress."""

    def end(self) -> None:
        """Nothing more comes. Called even if `begin` failed or was never called."""


class Silent:
    """The screen of --quiet. Shows nothing."""

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
