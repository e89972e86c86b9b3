"""The transactions that take a phase and write its end. Beside them only recovery.py writes to the user's table.

Invariants: at most one (owner, epoch) holds a phase; an epoch only grows; every write names key, epoch and owner and is
judged by its row count, never by a re-read. Lock order: claim (where there is one already), phase, attempt. Each
transaction may be repeated: where the reply to a commit was lost, the second run finds its own work and returns the
same. After a crash the claim row still holds what is needed to give the phase back, which `recover` does.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from batchdrain.config.settings import Command
from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import RowLocked, RowRefused
from batchdrain.database.ledger.attempt_fields import to_row
from batchdrain.database.ledger.attempt_rows import opened
from batchdrain.database.ledger.fallbacks import fallbacks
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.ledger.statements import Statements
from batchdrain.database.phases.columns import keepable, kept
from batchdrain.database.phases.table import PhaseTable, intermediate_words
from batchdrain.execution import process_identity
from batchdrain.execution.order import token_of
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, Claim
from batchdrain.model.errors import BadData, ClaimLost, ConfigError
from batchdrain.model.phase import GONE, Phase, PhaseKey, RowState
from batchdrain.model.states import COUNTED, GIVEN_BACK, Outcome, PhaseState, next_state
from batchdrain.runtime import clock


class _Lost(Exception):
    pass


class Claims:
    """The claims of one controller in one session."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        table: PhaseTable,
        command: Command,
        session_uid: str,
        *,
        spool_dir: str = "",
        owner: str | None = None,
    ) -> None:
        """`spool_dir`: where guardians leave results, kept in the claim. `owner`: act for a dead controller, in recovery."""
        self.database = database
        self.statements = Statements(ledger)
        self.table = table
        self.writes_states = command.result_from == "exit_code"
        self.source = ledger.source
        self.executing = table.states[PhaseState.EXECUTING]
        self.intermediate = intermediate_words(table, command)
        self.session_uid = session_uid
        self.owner = owner or uuid.uuid4().hex
        self.spool_dir = spool_dir
        self.me = process_identity.identify_self()
        self._holds: dict[PhaseKey, int] = {}  #: the epoch of the claim that we hold

    def claim(
        self,
        choice: Choice,
        *,
        lease_s: float,
        run_type: str,
        now: datetime,
        guard: process_identity.ProcessIdentity | None = None,
    ) -> Claim | None:
        """Take the phase if it still stands as it was chosen. Own transaction. None if someone else was faster. `guard`: of
        the process that will watch the command.

        Raises RowLocked while somebody has the row locked, BadData when the ids name more than one row or the ledger
        contradicts itself, RowRefused when the table does not take the state's word.
        """
        phase = choice.phase
        if phase.key in self._holds:
            return None
        key = phase.key.digest

        holder = {
            "the_key": key,
            "the_owner": self.owner,
            "lease_ms": round(lease_s * 1000),
            "host": self.me.host_id,
            "pid": self.me.pid,
            "start": self.me.start,
            "guard": None if guard is None else guard.pid,
            "guard_begun": None if guard is None else guard.start,
            "spool": self.spool_dir,
            "held": self.executing if self.writes_states else None,
        }

        def work(connection: sa.Connection) -> Claim:
            row = connection.execute(self.statements.claim, {"the_key": key}).first()
            if row is not None and row.owner == self.owner:  # the reply to our own commit was lost
                prior = RowState(state=row.prior_state, reason=kept(row.prior_reason))
                return self._claimed(phase, row.epoch, row.attempts, prior, now)
            if row is not None and not connection.execute(self.statements.take, {**holder, "the_epoch": row.epoch}).rowcount:
                raise _Lost
            standing = self._take_row(connection, phase)
            prior_of = {"word": standing.state, "text": keepable(standing.reason)}
            if row is not None:
                connection.execute(self.statements.keep_prior, {**holder, **prior_of})
            else:
                try:
                    connection.execute(self.statements.first, {**holder, **prior_of})
                except sa.exc.IntegrityError:  # of two who come here at once, the second fails
                    raise _Lost from None
            epoch, attempts = (1, 0) if row is None else (row.epoch + 1, row.attempts)
            claim = self._claimed(phase, epoch, attempts, standing, now)
            connection.execute(self.statements.open_attempt, opened(claim, self.source, self.session_uid, run_type))
            return claim

        try:
            claim = self.database.write(work, may_wait=False)
        except _Lost:
            return None
        except sa.exc.IntegrityError:  # of the attempt's row: its epoch is there already
            raise BadData(
                f"{phase.key}: batchdrain_attempt has an attempt that batchdrain_claim does not know",
                remedy="rows of batchdrain_claim were deleted: delete those of batchdrain_attempt too, or put them back",
            ) from None
        self._holds[phase.key] = claim.epoch
        return claim

    def beat(self, claims: Iterable[Claim], *, lease_s: float) -> list[Claim]:
        """Extend the leases, in one transaction. Returns the claims that are ours no more."""
        held = sorted(claims, key=lambda claim: claim.phase.key.digest)

        def work(connection: sa.Connection) -> list[Claim]:
            return [
                claim
                for claim in held
                if not connection.execute(
                    self.statements.beat, {**self._ours(claim), "lease_ms": round(lease_s * 1000)}
                ).rowcount
            ]

        return self.database.write(work) if held else []

    def finish(self, claim: Claim, attempt: Attempt, *, retry_in_s: float | None = None, may_wait: bool = True) -> Attempt:
        """Write the end of an attempt and free the claim, in one transaction. Returns it as it was recorded: MOVED when
        somebody else changed the row meanwhile, REFUSED when the table does not take it. Until `retry_in_s` is over nobody
        can claim the phase.

        Raises ClaimLost when a higher epoch was written; RowLocked, unless it `may_wait`, while somebody has the row locked;
        RowRefused when not even the former state is taken back.
        """
        try:
            recorded = self._finished(claim, attempt, retry_in_s, may_wait=may_wait)
        except RowLocked:
            raise
        except BaseException:
            self._forget(claim)
            raise
        self._forget(claim)
        return recorded

    def _finished(self, claim: Claim, attempt: Attempt, retry_in_s: float | None, *, may_wait: bool) -> Attempt:
        refusal: ConfigError | None = None
        for make in fallbacks(attempt, self.table):
            try:
                return self.database.write(partial(self._end, claim, make(refusal), retry_in_s), may_wait=may_wait)
            except ConfigError as error:
                refusal = refusal or error
        if refusal is None:
            raise AssertionError("there is a version to write")
        raise refusal

    def _end(self, claim: Claim, attempt: Attempt, retry_in_s: float | None, connection: sa.Connection) -> Attempt:
        ours: dict[str, Any] = {
            **self._ours(claim),
            "counted": 1 if attempt.outcome in COUNTED else 0,
            "orphaned": 1 if attempt.outcome is Outcome.ORPHANED else 0,
        }
        if retry_in_s is None or attempt.outcome is Outcome.REFUSED:
            freed = connection.execute(self.statements.free, ours)
        else:
            freed = connection.execute(self.statements.free_until, {**ours, "wait_ms": round(retry_in_s * 1000)})
        if not freed.rowcount:
            return self._already(connection, claim, attempt)
        recorded = self._write_row(connection, claim, attempt)
        connection.execute(self.statements.close_attempt, to_row(recorded))
        return recorded

    def _forget(self, claim: Claim) -> None:
        if self._holds.get(claim.phase.key) == claim.epoch:
            del self._holds[claim.phase.key]

    def _ours(self, claim: Claim) -> dict[str, Any]:
        return {"the_key": claim.phase.key.digest, "the_epoch": claim.epoch, "the_owner": self.owner}

    def _take_row(self, connection: sa.Connection, phase: Phase) -> RowState:
        """The phase's row becomes ours; what stood in it before. Raises _Lost when it moved meanwhile, BadData, RowRefused."""
        standing = self.table.standing_in(connection, phase.key, phase.state, for_update=self.writes_states)
        if standing is None:
            raise _Lost
        if self.writes_states and self.table.take(connection, phase.key, phase.state) != 1:
            raise RowRefused(
                f"table {self.table.source.table!r} does not let the state of {phase.key} become {self.executing!r}, and says "
                "no more: a trigger or a rule of its own",
                remedy="map another word in batchdrain.source.states.executing; `inv doctor` tries it",
            )
        return standing

    def _claimed(self, phase: Phase, epoch: int, attempts: int, prior: RowState, now: datetime) -> Claim:
        return Claim(
            phase=phase,
            epoch=epoch,
            attempt=attempts + 1,
            prior_state=prior.state,
            prior_reason=prior.reason,
            held_state=self.executing if self.writes_states else None,
            claimed_at=now,
            token=token_of(self.session_uid, phase.key.digest, epoch),
        )

    def _already(self, connection: sa.Connection, claim: Claim, attempt: Attempt) -> Attempt:
        at = {"the_key": claim.phase.key.digest, "the_epoch": claim.epoch}
        row = connection.execute(self.statements.attempt, at).first()
        ours = row is not None and (row.session_uid, row.ended_ms) == (self.session_uid, clock.to_ms(attempt.ended_at))
        if row is None or not ours or row.outcome not in {attempt.outcome, Outcome.MOVED, Outcome.REFUSED}:
            raise ClaimLost(f"{claim.phase.key}: the claim of epoch {claim.epoch} was taken over; nothing was written")
        return replace(attempt, outcome=Outcome(row.outcome), final_state=row.final_state)

    def _write_row(self, connection: sa.Connection, claim: Claim, attempt: Attempt) -> Attempt:
        key, gives_back = claim.phase.key, attempt.outcome in GIVEN_BACK or attempt.outcome is Outcome.REFUSED
        prior = RowState(state=claim.prior_state, reason=claim.prior_reason)
        if claim.held_state is None or gives_back:
            held = () if claim.held_state is None else (claim.held_state,)
            ours: frozenset[str] = frozenset() if attempt.success else self.intermediate.union(held)
            return replace(attempt, final_state=self.table.restore(connection, key, prior, ours))
        word = self.table.states[next_state(claim.phase.state, attempt.outcome)]
        changed = self.table.finish(connection, key, claim.held_state, word, reason=attempt.reason)
        if changed == 1:
            return replace(attempt, final_state=word)
        standing = self.table.standing(connection, key)
        if changed > 1 or (standing is not None and standing.state == claim.held_state):
            raise RowRefused(
                f"table {self.table.source.table!r} does not let the state of {key} become {word!r}: {changed} rows were changed",
                remedy="run_id and phase_id together must be unique, and no trigger may undo it; `inv doctor` tries it",
            )
        return replace(attempt, outcome=Outcome.MOVED, final_state=GONE if standing is None else standing.state)
