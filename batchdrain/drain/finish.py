"""Writes the end of an attempt to the ledger, and records it. The loop gets back what it has to know."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Final

from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.drain.in_flight import Ended, Judgement
from batchdrain.drain.judgements import Judgements
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.services import Services
from batchdrain.drain.stops import Stops
from batchdrain.drain.table_watch import SchemaChanged
from batchdrain.execution.order import CONFIG_ERRNOS, EndedBy, Ending
from batchdrain.model.attempt import Attempt, Finished
from batchdrain.model.claim import Claim, ScheduledAttempt
from batchdrain.model.errors import BatchDrainError, ClaimLost, ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.model.states import GIVEN_BACK, Outcome
from batchdrain.runtime.text import count_times

_SHOWN: Final = 10
_CLOCK_STEP_S: Final = 0.005  # the database compares whole milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What the loop has to know of an end. Everything else is written already."""

    recorded: Attempt | None = None  #: as the ledger has it; None if the phase was given back or nothing was written
    is_orphaned: bool = False  #: given back, and nobody knows what its command did
    waits_again: bool = False  #: given back although nobody asked for that: it may be taken once more
    is_given_back: bool = False  #: released without a result, and not tried again automatically
    retry: ScheduledAttempt | None = None
    is_kept: bool = False  #: the table has changed: nothing was written, and the claim stays
    postponed: Ended | None = None  #: nothing was written yet, because somebody has the row locked


class Finisher:
    """Writes ends. An end that ends the session is reported to `stops`."""

    def __init__(
        self,
        judgements: Judgements,
        services: Services,
        recorder: Recorder,
        stops: Stops,
    ) -> None:
        self._judgements = judgements
        self._claims = services.claims
        self._heartbeat = services.heartbeat
        self._watch = services.watch
        self.outage = services.outage
        self._recorder = recorder
        self._stops = stops
        self.refused: BatchDrainError | None = None  #: the first row that the table did not take back; the phase stays held

    def tell_kept(self) -> None:
        """Tell which results could not be recorded because the table has changed."""
        keys = sorted(str(claim.phase.key) for claim in self._heartbeat.held)
        if keys:
            shown = ", ".join(keys[:_SHOWN]) + (", …" if len(keys) > _SHOWN else "")
            self._recorder.notice(f"Kept, but not recorded yet: the result of {shown}; `inv resume` records it")

    def finish(self, ended: Ended, judgement: Judgement) -> Conclusion:
        """Write an end to the ledger, the events, the session and the screen, in this order. Raises DatabaseUnavailable."""
        claim = ended.running.claim
        try:
            recorded = self.outage.retry(
                lambda: self._claims.finish(claim, judgement.attempt, retry_in_s=judgement.retry_in_s, may_wait=False),
                meanwhile="the result is saved locally, not yet recorded",
            )
        except RowLocked:
            return Conclusion(postponed=self._postpone(ended, judgement))
        except ClaimLost as error:
            self._heartbeat.drop(claim)
            self._recorder.claim_lost(claim)
            self._stops.fail(error)
            return Conclusion()
        except ConfigError as error:
            return self._refuse(claim, error)
        self._heartbeat.drop(claim)
        self._recorder.discard(claim.token)
        if recorded.unwritten:
            self._recorder.notice(
                f"{claim.phase.key} stays {recorded.final_state} as its command left it: {recorded.unwritten}"
            )
        if ended.ending.unspooled:
            key, why = claim.phase.key, ended.ending.unspooled
            self._recorder.notice(f"The result of {key} was not on disk before it was recorded: {why}")
        if ended.ending.guardian_stops:
            times = count_times(ended.ending.guardian_stops)
            self._recorder.notice(
                f"The guardian of {claim.phase.key} was stopped, {times}: its command did that, or somebody by hand"
            )
        if recorded.outcome in GIVEN_BACK:
            return self._release(ended, judgement, recorded)
        return self._record(ended, judgement, recorded)

    def _refuse(self, claim: Claim, error: ConfigError) -> Conclusion:
        """Handle an error of the table; nothing was written. Raises the error if it is not about this row."""
        change = self._watch.explain(error)
        if isinstance(change, SchemaChanged):  # kept as it is: recovery records it once the mapping is corrected
            self._stops.fail(change)
            return Conclusion(is_kept=True)
        if not isinstance(error, RowRefused):
            raise error
        self._heartbeat.drop(claim)  # one row that the table does not take back must not keep all others waiting
        self.refused = self.refused or error
        self._recorder.notice(f"{error}; it stays held")
        return Conclusion(is_orphaned=True)

    def _release(self, ended: Ended, judgement: Judgement, recorded: Attempt) -> Conclusion:
        """Report a phase that was given back. This does not count as an attempt."""
        scheduled, ending = ended.running.scheduled, ended.ending
        self._recorder.released(scheduled, _end_of(ended, recorded, None))
        self._stops.stop(judgement.stop)
        is_orphaned = recorded.outcome is Outcome.ORPHANED
        if is_orphaned:
            self._recorder.notice(f"Orphaned: {recorded.phase.key}: {recorded.reason}")
        if recorded.outcome in {Outcome.NOT_STARTED, Outcome.RELEASED}:
            self._stops.fail(_failure_of(ending))
        return Conclusion(
            is_orphaned=is_orphaned,
            waits_again=ending.by in {EndedBy.LEASE, EndedBy.LOST, EndedBy.NOT_TAKEN},
            is_given_back=not judgement.is_spared,
            retry=self._judgements.probe(scheduled, _CLOCK_STEP_S) if judgement.is_spared else None,
        )

    def _record(self, ended: Ended, judgement: Judgement, recorded: Attempt) -> Conclusion:
        """Record a result of the session; the phase may be tried again."""
        scheduled, wait_s = ended.running.scheduled, judgement.retry_in_s
        if recorded.outcome is Outcome.MOVED or recorded.unwritten:
            wait_s = None
        self._recorder.finished(scheduled, _end_of(ended, recorded, wait_s))
        self._stops.note(recorded, waits=wait_s is not None)
        if wait_s is None:
            self._stops.stop(judgement.stop)
            return Conclusion(recorded=recorded)
        retry = self._judgements.reschedule(scheduled, recorded, monotonic() + wait_s + _CLOCK_STEP_S)
        self._recorder.retry_scheduled(scheduled, wait_s, retry.choice.reason, is_left=self._stops.is_over)
        return Conclusion(recorded=recorded, retry=retry)

    def _postpone(self, ended: Ended, judgement: Judgement) -> Ended:
        """Put an end off: the claim is kept, and other phases go on. Raises DatabaseUnavailable once patience has run out or a
        signal came."""
        key, now = ended.running.claim.phase.key, monotonic()
        since = now if ended.locked_since is None else ended.locked_since
        if self._stops.is_interrupted or now - since > self.outage.patience_s:
            raise DatabaseUnavailable(
                f"{key}: somebody has its row locked: the result is saved locally, not yet recorded",
                remedy="the next command records it",
            )
        if ended.locked_since is None:
            self._recorder.notice(f"{key}: somebody has its row locked; its result waits, other phases continue")
        return replace(ended, judgement=judgement, locked_since=since)


def _end_of(ended: Ended, recorded: Attempt, wait_s: float | None) -> Finished:
    return Finished(
        attempt=recorded,
        initial_state=ended.running.claim.prior_state,
        retry_at=None if wait_s is None else recorded.ended_at + timedelta(seconds=wait_s),
        left_over=ended.ending.left_over,
    )


def _failure_of(ending: Ending) -> BatchDrainError | None:
    """The error that ends the drain after this ending; None if the drain goes on, or if the error was reported already."""
    if ending.by is not EndedBy.NOT_STARTED:
        lacks = ending.by is EndedBy.INTERRUPT and ending.errno == errno.ENOMEM
        return FilesUnavailable(ending.message, remedy="free what is missing; the phase was released") if lacks else None
    if ending.errno in CONFIG_ERRNOS:
        return ConfigError(
            f"batchdrain.command.argv: the command can't be executed: {ending.message}",
            remedy="`inv doctor` checks it; the phase was released",
        )
    return FilesUnavailable(
        f"the command could not be started: {ending.message}", remedy="free what is missing; the phase was released"
    )
