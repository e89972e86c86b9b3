"""What follows the end of a command: judge, finish in the ledger, record, and see who is stopped by it."""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Final

from batchdrain.database.driver_errors import RowLocked
from batchdrain.drain.circuit_breaker import is_transient
from batchdrain.drain.in_flight import Ended, Judgement, Parts
from batchdrain.drain.retry import retry_after
from batchdrain.execution.order import CONFIG_ERRNOS, EndedBy, Ending
from batchdrain.model.attempt import Attempt, Finished
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.errors import BatchDrainError, ClaimLost, ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.model.phase import Skip
from batchdrain.model.states import GIVEN_BACK, Outcome, PhaseState
from batchdrain.planning.stop import cluster_stop, run_stop
from batchdrain.runtime import clock
from batchdrain.runtime.signals import Cut

_CLOCK_STEP_S: Final = 0.005  # the database compares whole milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What the loop has to know of an end; everything else is written already."""

    counted: bool = True  #: False: given back, the phase was not attempted
    orphaned: bool = False  #: given back, and nobody knows what its command did
    waits_again: bool = False  #: given back, though nobody asked for it: it may be taken once more
    retry: ScheduledAttempt | None = None
    postponed: Ended | None = None  #: nothing was written yet: somebody has the row locked
    stop: Skip | None = None  #: ends the session
    failure: BatchDrainError | None = None  #: ends the session, with its exit code


def conclude(parts: Parts, ended: Ended, *, may_retry: bool) -> Conclusion:
    """Write the end of an attempt to the ledger; the books have the rest of what follows. Raises DatabaseUnavailable."""
    running = ended.running
    executions = running.scheduled.executions + 1
    judgement = ended.judgement or _judgement(parts, ended, executions, may_retry=may_retry)
    attempt, wait_s, stop = judgement.attempt, judgement.retry_in_s, judgement.stop
    try:
        recorded = parts.outage.retry(
            lambda: parts.claims.finish(running.claim, attempt, retry_in_s=wait_s, may_wait=False),
            meanwhile="the result is saved locally, not yet recorded",
        )
    except RowLocked:
        return Conclusion(counted=False, postponed=_postponed(parts, ended, judgement))
    except ClaimLost as error:
        parts.heartbeat.drop(running.claim)
        parts.recorder.claim_lost(running.claim)
        return Conclusion(counted=False, failure=error)
    parts.heartbeat.drop(running.claim)
    parts.recorder.discard(running.claim.token)
    if recorded.outcome is Outcome.MOVED:
        wait_s = None
    retry_at = None if wait_s is None else attempt.ended_at + timedelta(seconds=wait_s)
    end = Finished(
        attempt=recorded, initial_state=running.claim.prior_state, retry_at=retry_at, left_over=ended.ending.left_over
    )
    if ended.ending.unspooled:
        parts.recorder.notice(
            f"The result of {attempt.phase.key} stood nowhere until it was recorded: {ended.ending.unspooled}"
        )
    if recorded.outcome in GIVEN_BACK:
        parts.recorder.released(running.scheduled, end)
        orphaned = recorded.outcome is Outcome.ORPHANED
        if orphaned:
            parts.recorder.notice(f"Orphaned: {attempt.phase.key}: {recorded.reason}")
        failure = _failure_of(ended.ending) if recorded.outcome in {Outcome.NOT_STARTED, Outcome.RELEASED} else None
        unasked = ended.ending.by in {EndedBy.LEASE, EndedBy.LOST}
        probe = replace(running.scheduled, due=parts.breaker.due + _CLOCK_STEP_S) if judgement.is_spared else None
        return Conclusion(counted=False, orphaned=orphaned, waits_again=unasked, retry=probe, stop=stop, failure=failure)
    parts.recorder.finished(running.scheduled, end)
    _heed_canary(parts, running.scheduled.choice.failure.fingerprint, recorded, waits=wait_s is not None)
    _announce_stops(parts, recorded, running.scheduled.choice.failure.fingerprint)
    with suppress(Cut):
        parts.backlog.touch(attempt.phase.run_id, clock.now(), recorded)
    if wait_s is not None:
        return Conclusion(retry=_schedule(parts, running.scheduled, recorded, executions, wait_s))
    if parts.stop_on_first_failure and not recorded.success:
        return Conclusion(stop=Skip("--stop-on-first-failure", str(attempt.phase.key)))
    return Conclusion(stop=stop)


def _judgement(parts: Parts, ended: Ended, executions: int, *, may_retry: bool) -> Judgement:
    running, settings = ended.running, parts.settings
    attempt = parts.judge.judge(
        running.claim,
        ended.ending,
        limit=running.limit,
        row_state=ended.row_state,
        paths=running.paths,
        ended_at=clock.now(),
    )
    is_spared = may_retry and parts.breaker.is_open and is_transient(attempt)
    stop = _heeded(parts, attempt)
    if is_spared:  # an outage burns nobody's attempts
        attempt = replace(attempt, outcome=Outcome.RELEASED)
    retry_in_s = retry_after(attempt, executions, settings.retry) if may_retry else None
    return Judgement(attempt=attempt, is_spared=is_spared, retry_in_s=retry_in_s, stop=stop)


def _postponed(parts: Parts, ended: Ended, judgement: Judgement) -> Ended:
    """To be concluded later: the claim is kept, other phases go on. Raises DatabaseUnavailable once our patience is over, or
    a signal came."""
    key, now = judgement.attempt.phase.key, monotonic()
    since = now if ended.locked_since is None else ended.locked_since
    if parts.shutdown.signal is not None or now - since > parts.settings.patience.outage_s:
        raise DatabaseUnavailable(
            f"{key}: somebody has its row locked: the result is saved locally, not yet recorded",
            remedy="the next command records it",
        )
    if ended.locked_since is None:
        parts.recorder.notice(f"{key}: somebody has its row locked; its result waits, others go on")
    return replace(ended, judgement=judgement, locked_since=since)


def _heeded(parts: Parts, attempt: Attempt) -> Skip | None:
    """Tell of an outage that this result begins or prolongs. Returns why the session ends, where it lasts too long."""
    wait_s = parts.breaker.note(attempt)
    if wait_s is None:
        return None
    patience_s = parts.settings.patience.outage_s
    if parts.breaker.lasts_s > patience_s:
        return Skip("retry.outage_after", f"an outage lasts for more than {patience_s:g} s: try again later")
    reason = f"{parts.settings.retry.outage_after} or more phases failed transiently in a row, the last with: {attempt.fingerprint}"
    parts.recorder.paused(reason, wait_s)
    return None


def _heed_canary(parts: Parts, mark: str, attempt: Attempt, *, waits: bool) -> None:
    """A result of a phase that set out from the failure `mark`. `waits`: to be tried again."""
    stop = parts.settings.stop
    if not stop.canary or not mark or waits or parts.backlog.size_of(mark) < stop.canary_size:
        return
    parts.record.counts.heed_canary(mark, alive=attempt.success)


def _schedule(
    parts: Parts, scheduled: ScheduledAttempt, attempt: Attempt, executions: int, wait_s: float
) -> ScheduledAttempt:
    phase = replace(
        attempt.phase,
        state=PhaseState.FAILED,
        failure=attempt.failure,
        attempts=attempt.attempt,
    )
    why = f"{attempt.category} failure, try {executions + 1} of {parts.settings.retry.max_attempts}"
    parts.recorder.retry_scheduled(scheduled, wait_s, why)
    return ScheduledAttempt(
        monotonic() + wait_s + _CLOCK_STEP_S,
        scheduled.number,
        Choice(phase=phase, reason=why),
        executions,
        scheduled.longer + attempt.wants_more_time,
    )


def _announce_stops(parts: Parts, attempt: Attempt, mark: str) -> None:
    progress, stop, run_id = parts.record.progress(), parts.settings.stop, attempt.phase.run_id
    by_run = run_stop(run_id, progress, stop)
    if by_run is not None:
        parts.recorder.run_stopped(run_id, by_run)
    for cluster in () if attempt.success else dict.fromkeys((attempt.fingerprint, mark)):
        parked = cluster_stop(cluster, progress, stop)
        if parked is not None:
            parts.recorder.skipped(parked, f"Parking every phase that failed alike: {parked}", count=None)


def _failure_of(ending: Ending) -> BatchDrainError | None:
    """What ends the drain with it. An engine that takes nothing was told of by the slots."""
    if ending.by is not EndedBy.NOT_STARTED:
        lacks = ending.by is EndedBy.INTERRUPT and ending.errno == errno.ENOMEM
        return FilesUnavailable(ending.message, remedy="free what it lacks; the phase was given back") if lacks else None
    if ending.errno in CONFIG_ERRNOS:
        return ConfigError(
            f"batchdrain.command.argv: the command can't be executed: {ending.message}",
            remedy="`inv doctor` checks it; the phase was given back",
        )
    return FilesUnavailable(
        f"the command could not be started: {ending.message}", remedy="free what it lacks; the phase was given back"
    )
