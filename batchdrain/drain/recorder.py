"""What follows a result's commit, in this order: its event on disk, the session's file, the screen.

It is done while the next command runs, as all of that takes longer than many a command; and before anything is waited for or
read, so that nobody waits for a line. After a crash in between, the ledger has the result, and `resume` takes it from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial

from batchdrain.drain.screen import Opening, Screen
from batchdrain.execution.spool_reader import discard
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import ScheduledAttempt, TimeLimit
from batchdrain.sessions.record import SessionRecord


class Recorder:
    """A screen that is told only once what it is told is durable. Every call may raise FilesUnavailable."""

    def __init__(self, record: SessionRecord, screen: Screen) -> None:
        self._record = record
        self._screen = screen
        self._later: deque[Callable[[], None]] = deque()

    def settle(self) -> None:
        """Everything so far is on disk, and on the screen, when this returns."""
        self._record.settle()
        while self._later:
            self._later.popleft()()

    def discard(self, token: str) -> None:
        """The ledger has this result: the guardian's copy is not needed any more."""
        self._later.append(partial(discard, str(self._record.spool), token))

    def begin(self, opening: Opening) -> None:
        self._later.append(partial(self._screen.begin, opening))
        self.settle()

    def selected(self, scheduled: ScheduledAttempt) -> None:
        self._later.append(partial(self._screen.selected, scheduled))

    def started(self, scheduled: ScheduledAttempt, limit: TimeLimit) -> None:
        """The command runs: now there is time."""
        self._later.append(partial(self._screen.started, scheduled, limit))
        self.settle()

    def lost(self, scheduled: ScheduledAttempt, why: str) -> None:
        self._later.append(partial(self._screen.lost, scheduled, why))

    def finished(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        self._later.append(partial(self._screen.finished, scheduled, attempt))
        if not attempt.success:  # it may have failed for want of room: then nothing more is to be claimed
            self.settle()

    def released(self, scheduled: ScheduledAttempt, attempt: Attempt) -> None:
        self._later.append(partial(self._screen.released, scheduled, attempt))

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str) -> None:
        self._later.append(partial(self._screen.retry_scheduled, scheduled, wait_s, why))

    def notice(self, text: str) -> None:
        self._later.append(partial(self._screen.notice, text))
        self.settle()

    def end(self) -> None:
        self.settle()
        self._screen.end()
