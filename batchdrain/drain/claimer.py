"""Takes a phase: finds its time limit, hires a guardian for its command, and claims it in the ledger."""

from __future__ import annotations

from functools import cache
from typing import Final

from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.database.ledger.groups import TriedInGroup
from batchdrain.drain.in_flight import Claimed
from batchdrain.drain.lost_rows import LostRows
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.services import Services
from batchdrain.drain.table_watch import SchemaChanged
from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.execution.guardian_client import GuardianClient
from batchdrain.model.claim import Claim, ScheduledAttempt
from batchdrain.model.errors import BadData, BatchDrainError, FilesUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.skip_rules import BAD_DATA
from batchdrain.runtime import clock

_FASTER: Final = "another controller was faster"
_NOT_FOUND: Final = "its row was not found again by its ids"
_MEANWHILE: Final = "nothing is claimed"


class Claimer:
    """Claims phases. A claim may fail in the normal course of things: that is reported, and the drain goes on with another
    phase."""

    def __init__(self, it: OpenSession, services: Services, recorder: Recorder) -> None:
        self._store, self._state = it.project.store, it.request.state
        self._claims = services.claims
        self._heartbeat = services.heartbeat
        self._limits = services.limits
        self._outage = services.outage
        self._recorder = recorder
        self._membership = services.membership
        self._watch = services.watch
        self._pace = services.pace
        self._run_type_of = cache(it.project.settings.run_type_of)
        self.lost_rows = LostRows(it.project.store, it.request, services.claims.not_found, services.outage)
        self._passed_over = it.record.counts.passed_over
        self.locked_out: set[PhaseKey] = set()  #: phases not claimed because somebody had locked their rows
        self.refused: BatchDrainError | None = None  #: the first claim that the table refused to every controller
        self._left_out: set[PhaseKey] = set()  # for the rest of the session: phases whose rows can't be claimed

    def begin(self) -> None:
        """Start the heartbeat, also if the first claim has to wait. Raises FilesUnavailable."""
        self._heartbeat.begin()

    def leaves_out(self, scheduled: ScheduledAttempt) -> bool:
        """Whether the row could not be claimed before. That was reported, so it need not be tried at every reading."""
        return scheduled.choice.phase.key in self._left_out

    def look_again(self) -> None:
        """Look again for rows that were locked or not found: another reading may find them."""
        for key in (*self.locked_out, *self._claims.not_found):
            self._passed_over.pop(key, None)

    def forget_taken(self) -> None:
        """Forget the locked phases that nobody has to take any more: whoever had locked them was faster. Raises
        DatabaseUnavailable."""
        if self.locked_out:
            self.locked_out -= self._outage.retry(self._read_taken, meanwhile="the session can't be closed")

    def _read_taken(self) -> set[PhaseKey]:
        table = self._store.table
        with self._store.database.read() as connection:
            now = {key: table.read_row_state(connection, key) for key in self.locked_out}
        return {key for key, row in now.items() if row is None or row.state not in table.states[self._state]}

    def claim(self, scheduled: ScheduledAttempt) -> Claimed | None:
        """Claim a phase; None if that failed, which is recorded. Raises GroupEnded, NotYet, SchemaChanged,
        DatabaseUnavailable, FilesUnavailable."""
        phase, pool = scheduled.choice.phase, self._heartbeat.pool
        limit = self._outage.retry(lambda: self._limits.of(phase, longer=scheduled.longer), meanwhile=_MEANWHILE)
        self._heartbeat.begin()
        guardian = self._hire()
        before_ms, claim, lease_s = boottime_ms(), None, self._heartbeat.lease_s(limit.seconds)
        with self._heartbeat.claiming(before_ms):
            try:
                claim = self._try(scheduled, lease_s, guardian)
            finally:
                if claim is None and pool is not None and guardian is not None:
                    pool.keep(guardian)
            if claim is None:
                return None
            self._heartbeat.hold(claim)
        deadline_ms = self._heartbeat.deadline_ms(before_ms)
        return Claimed(
            scheduled=scheduled,
            claim=claim,
            limit=limit,
            guardian=guardian,
            deadline_ms=deadline_ms,
            claimed_ms=before_ms,
            held_until_ms=before_ms + round(lease_s * 1000) if pool is None else None,
        )

    def _hire(self) -> GuardianClient | None:
        """Hire a guardian before the claim, so that the claim's row can name it. Raises FilesUnavailable."""
        pool = self._heartbeat.pool
        try:
            return None if pool is None else pool.hire()
        except OSError as error:
            raise FilesUnavailable(
                f"no guardian could be started: {error.strerror or error}",
                remedy="free what is missing; what was claimed is released",
            ) from error

    def _try(self, scheduled: ScheduledAttempt, lease_s: float, guardian: GuardianClient | None) -> Claim | None:
        key, run_type, now = scheduled.choice.phase.key, self._run_type_of(scheduled.run_id), clock.now()
        identity, group = None if guardian is None else guardian.identity, self._membership.unit_of(key)
        try:
            claim = self._outage.retry(
                lambda: self._claims.claim(
                    scheduled.choice,
                    lease_s=lease_s,
                    run_type=run_type,
                    now=now,
                    guard=identity,
                    group=group,
                ),
                meanwhile=_MEANWHILE,
            )
        except RowLocked as error:
            self.locked_out.add(key)
            self._passed_over[key] = Skip("row locked", "somebody has it locked, or it took too long")
            self._recorder.not_claimed(scheduled, str(error))
            return None
        except (BadData, RowRefused) as error:
            if isinstance(change := self._watch.explain(error), SchemaChanged):
                raise change from error
            self._leave_out(scheduled, error)
            return None
        except TriedInGroup:
            self._left_out.add(key)
            self._passed_over[key] = self._membership.tried
            self._recorder.not_claimed(scheduled, str(self._membership.tried))
            return None
        self.locked_out.discard(key)
        if claim is not None:
            self._membership.take(key)
            self._pace.note_begun()
        else:
            is_lost = key in self._claims.not_found
            if is_lost:
                self._passed_over[key] = Skip("not found", _NOT_FOUND)
            self._recorder.not_claimed(scheduled, _NOT_FOUND if is_lost else _FASTER)
        return claim

    def _leave_out(self, scheduled: ScheduledAttempt, error: BadData | RowRefused) -> None:
        """Leave out a phase whose row can't be claimed, whoever tries."""
        key = scheduled.choice.phase.key
        self.refused = self.refused or error
        self.locked_out.discard(key)
        self._left_out.add(key)
        skip = Skip(BAD_DATA if isinstance(error, BadData) else "refused by the table", error.message)
        self._passed_over[key] = skip
        self._recorder.skipped(skip, str(error), count=1)
        self._recorder.not_claimed(scheduled, "see above")
