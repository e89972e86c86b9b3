"""What an ending means for the drain: its attempt, whether it is tried again, and whether it is a sign of an outage."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Settings
from batchdrain.drain.circuit_breaker import CircuitBreaker, is_transient
from batchdrain.drain.in_flight import Ended, Judgement
from batchdrain.drain.judge import Judge
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.retry import retry_after
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.phase import Skip
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.runtime import clock


class Judgements:
    """Judges each ending once, even if its row is locked and it is written later."""

    def __init__(self, judge: Judge, breaker: CircuitBreaker, settings: Settings, recorder: Recorder) -> None:
        self._judge = judge
        self._breaker = breaker
        self._settings = settings
        self._recorder = recorder

    @classmethod
    def of_session(cls, it: OpenSession, breaker: CircuitBreaker, recorder: Recorder) -> Judgements:
        """Uses the session's own settings, which may differ from the project's."""
        settings = it.request.settings
        return cls(Judge(settings, it.project.store.redact, categoriser_of(settings)), breaker, settings, recorder)

    def of(self, ended: Ended, *, goes_on: bool) -> Judgement:
        """Judge an ending. `goes_on`: whether the drain goes on. If not, a retry is left to whoever resumes the session."""
        if ended.judgement is not None:
            return ended.judgement
        running, ending = ended.running, ended.ending
        attempt = self._judge.judge(
            running.claim, ending, limit=running.limit, row_state=ended.row_state, paths=running.paths, ended_at=clock.now()
        )
        is_spared = goes_on and self._breaker.is_open and is_transient(attempt)
        stop = self._note(attempt)
        if is_spared:  # an outage uses up nobody's attempts
            attempt = replace(attempt, outcome=Outcome.RELEASED)
        executions = running.scheduled.executions + 1
        retry_in_s = retry_after(attempt, executions, self._settings.retry)
        return Judgement(attempt=attempt, is_spared=is_spared, retry_in_s=retry_in_s, stop=stop)

    def _note(self, attempt: Attempt) -> Skip | None:
        """Report an outage that this result begins or prolongs. Returns why the session ends, if the outage has lasted too long."""
        wait_s = self._breaker.note(attempt)
        if wait_s is None:
            return None
        patience_s = self._settings.patience.outage_s
        if self._breaker.lasts_s > patience_s:
            return Skip("retry.outage_after", f"an outage lasts for more than {patience_s:g} s: try again later")
        count = self._settings.retry.outage_after
        self._recorder.paused(
            f"{count} or more phases failed transiently in a row, the last with: {attempt.fingerprint}",
            wait_s,
            self._breaker.pauses,
        )
        return None

    def reschedule(self, scheduled: ScheduledAttempt, attempt: Attempt, due: float) -> ScheduledAttempt:
        """The next try of a phase whose attempt failed transiently. `due`: monotonic, in seconds."""
        phase = replace(attempt.phase, state=PhaseState.FAILED, failure=attempt.failure, attempts=attempt.attempt)
        executions = scheduled.executions + 1
        why = f"{attempt.category} failure, try {executions + 1} of {self._settings.retry.max_attempts}"
        choice = Choice(phase=phase, reason=why)
        return ScheduledAttempt(due, scheduled.number, choice, executions, scheduled.longer + attempt.wants_more_time)

    def probe(self, scheduled: ScheduledAttempt, step_s: float) -> ScheduledAttempt:
        """The same try once more, uncounted, after the pause of an outage."""
        return replace(scheduled, due=self._breaker.due + step_s)
