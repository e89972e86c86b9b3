"""Records each fact of a drain with one method: in the events, then in the session's file, then on the screen.

An event is written at once. File and screen follow after the commit, in this order, while the next command runs, because this takes
longer than many a command. They also follow before anything is awaited or read, so that no line is late; of results that end
together, for all of them at once. After a crash in between, the ledger has the result, and `resume` takes it from there. Every method may raise FilesUnavailable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final

from batchdrain.database.ledger.attempt_fields import to_event
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.drain.liveness import describe_recovered
from batchdrain.drain.screen import Look, Opening, Screen
from batchdrain.drain.triage.diagnosis import Diagnosis
from batchdrain.execution.spool_reader import discard
from batchdrain.model.attempt import Finished
from batchdrain.model.claim import Claim, ScheduledAttempt, TimeLimit
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.planning.remainder import Remainder
from batchdrain.runtime import clock
from batchdrain.runtime.signals import block_signals
from batchdrain.sessions.events import Event
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.result import Result

_PROBLEMS: Final = 20  #: at most so many problems of result files are shown, each once


class Recorder:
    """Records facts. The screen shows a fact only once it is durable."""

    def __init__(self, record: SessionRecord, screen: Screen) -> None:
        self._record = record
        self._events = record.events
        self._screen = screen
        self._spool = str(record.spool.absolute())
        self._later: deque[Callable[[], None]] = deque()
        self._told_of_no_verdict = False
        self._told_problems: set[str] = set()
        self._stopped_runs: set[Skip] = set()

    def settle(self) -> None:
        """Write everything so far to disk and screen before this returns."""
        self._record.settle()
        while self._later:
            self._later.popleft()()

    def begin(self, opening: Opening) -> None:
        """Show the header, after everything so far is settled."""
        self.settle()
        with block_signals():  # the screen may start a thread
            self._screen.begin(opening)

    def watch(self, look: Look) -> None:
        """Let the screen ask how far the drain is. `look` may be called from any thread."""
        self._screen.watch(look)

    def selected(self, scheduled: ScheduledAttempt) -> None:
        """The phase is to be drained next; it is not claimed yet."""
        phase = scheduled.choice.phase
        self._events.write(Event.PHASE_SELECTED, **_ids(phase), category=phase.category, reason=scheduled.choice.reason)
        self._show(self._screen.selected, scheduled)

    def not_claimed(self, scheduled: ScheduledAttempt, why: str) -> None:
        """The phase could not be claimed: somebody was faster or has its row locked, or the table refuses it."""
        self._events.write(Event.CLAIM_LOST, **_ids(scheduled.choice.phase))
        self._show(self._screen.lost, scheduled, why)

    def claimed(self, claim: Claim) -> None:
        """The ledger has our claim. Writes only an event; the screen shows the start."""
        self._events.write(Event.PHASE_CLAIMED, **_ids(claim.phase), epoch=claim.epoch, attempt=claim.attempt)

    def started(self, scheduled: ScheduledAttempt, claim: Claim, limit: TimeLimit) -> None:
        """The command runs. Now is a good time to `settle`."""
        ids = _ids(claim.phase)
        self._events.write(Event.PHASE_STARTED, **ids, epoch=claim.epoch, timeout_s=limit.seconds, limit=limit.rule)
        self._show(self._screen.started, scheduled, limit)

    def claim_lost(self, claim: Claim) -> None:
        """The claim was ours and is somebody else's now. The result of its command is not written."""
        self._events.write(Event.CLAIM_LOST, **_ids(claim.phase), epoch=claim.epoch)

    def finished(self, scheduled: ScheduledAttempt, end: Finished) -> None:
        """The ledger has the attempt; it becomes a result of the session. A failure is settled at once."""
        self._record.add(Result.of(end), to_event(end))
        self._show(self._screen.finished, scheduled, end.attempt)
        self._tell_problem(end)
        if not end.attempt.success:  # it may have failed because the disk is full: then nothing more is to be claimed
            self.settle()

    def _tell_problem(self, end: Finished) -> None:
        """Show what is wrong with the result file of a command that succeeded, each problem once. That of a failure is part of its
        reason."""
        problem, attempt = end.attempt.answer_problem, end.attempt
        if attempt.success and problem and problem not in self._told_problems and len(self._told_problems) < _PROBLEMS:
            self._told_problems.add(problem)
            self._show(self._screen.notice, f"{attempt.phase.key}: {problem} (the events name each phase with that)")

    def released(self, scheduled: ScheduledAttempt, end: Finished) -> None:
        """The phase was given back, and has no result in the session."""
        self._events.write(Event.PHASE_FINISHED, **to_event(end))
        self._show(self._screen.released, scheduled, end.attempt)

    def retry_scheduled(self, scheduled: ScheduledAttempt, wait_s: float, why: str, *, is_left: bool = False) -> None:
        """The attempt failed, and the phase is tried again in this session. `why`: for people; `is_left`: the drain ends, so
        that only a resume tries it."""
        ids = _ids(scheduled.choice.phase)
        self._events.write(Event.PHASE_RETRY_SCHEDULED, **ids, wait_s=round(wait_s, 3), reason=why)
        if is_left:
            self._show(self._screen.notice, f"{scheduled.choice.phase.key}: {why}: not now, as the drain ends")
        else:
            self._show(self._screen.retry_scheduled, scheduled, wait_s, why)

    def paused(self, reason: str, wait_s: float, number: int) -> None:
        """Something that the phases need is out of reach. `number`: of the pause in this outage; only the first one shows the
        reason."""
        self._events.write(Event.SESSION_PAUSED, reason=reason, wait_s=round(wait_s, 3))
        if number == 1:
            self.notice(f"An outage: {reason}; nothing is claimed for {wait_s:.0f} s, then one phase is tried")
        else:
            self.notice(f"The outage continues: pause {number}, of {wait_s:.0f} s")

    def skipped(self, skip: Skip, text: str | None, *, count: int | None, keep: bool = True) -> bool:
        """A rule left phases out. This is told once for each rule and value, not for each phase or reading. `text`: a line for the
        screen, None if the caller shows it; `count`: how many phases, None if nobody counted; `keep`: whether the summary shows it
        too. Returns whether it was new."""
        is_new = self._record.note_once(Event.PHASE_SKIPPED, skip, keep=keep, count=count)
        if is_new and text is not None:
            self.notice(text)
        return is_new

    def noted(self, found: Remainder) -> None:
        """The backlog was read. The session's file has the figures with its next save."""
        self._record.note_reading(found)

    def run_stopped(self, run_id: str, skip: Skip) -> None:
        """A stop condition leaves out the rest of a run. This is told once."""
        self._stopped_runs.add(skip)
        if self._record.note_once(Event.RUN_STOPPED, skip, keep=False, run_id=run_id):
            self.notice(f"Skipping the rest of run {run_id}: {skip}")

    def has_told_of(self, skip: Skip) -> bool:
        """Whether people have seen this skip already, because it stopped a run."""
        return skip in self._stopped_runs

    def recovered(self, back: Recovered) -> None:
        """What a dead controller held was settled, or could not be."""
        self.claim_recovered(back)
        self.notice(describe_recovered(back))

    def claim_recovered(self, back: Recovered) -> None:
        """The same as `recovered`, but only as an event, for the time before there is a screen."""
        if not back.problem:
            recorded = None if back.recorded is None else back.recorded.value
            facts = {"epoch": back.epoch, "state": back.state, "recorded": recorded, "orphanings": back.orphanings}
            self._events.write(Event.CLAIM_RECOVERED, **_ids(back.key), **facts)

    def diagnosed(self, found: Diagnosis) -> None:
        """A diagnosis ended. Of the diagnoses without a verdict, only the first is shown on the screen."""
        phase, verdict = found.phase, found.verdict
        self._events.write(
            Event.PHASE_DIAGNOSED,
            **_ids(phase),
            verdict=None if verdict is None else verdict.kind.value,
            reason=found.problem if verdict is None else verdict.reason,
            until=None if verdict is None else clock.to_iso(verdict.until),
            log_path=found.log_path or None,
            duration_s=round(found.duration_s, 3),
        )
        if verdict is not None:
            self.notice(f"Diagnosed {phase.key}: {verdict}")
        elif not self._told_of_no_verdict:
            self._told_of_no_verdict = True
            self.notice(f"No verdict on {phase.key}: {found.problem}; further ones are only in the event log")
            if found.log_path:
                self.notice(f"Log: {found.log_path}")

    def database_retried(self, error: str, tries: int) -> None:
        """A database operation failed this many times in a row, and is tried again. Writes only an event."""
        self._events.write(Event.DATABASE_RETRIED, error=error, tries=tries)

    def notice(self, text: str) -> None:
        """Show a line that is not about one phase's progress."""
        self._show(self._screen.notice, text)
        self.settle()

    def discard(self, token: str) -> None:
        """Remove the guardian's copy of a result that the ledger has now."""
        self._later.append(partial(discard, self._spool, token))

    def _show(self, tell: Callable[..., None], *facts: object) -> None:
        self._later.append(partial(tell, *facts))


def _ids(key: PhaseKey | Phase) -> dict[str, str]:
    return {"run_id": key.run_id, "phase_id": key.phase_id}
