"""The transaction that writes an attempt's end and frees its claim. Lock order: claim, phase, attempt, group."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from batchdrain.database.driver_errors import RowRefused
from batchdrain.database.ledger.attempt_fields import to_row
from batchdrain.database.ledger.attempt_rows import opening_row_of
from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.fallbacks import with_text_of_row
from batchdrain.database.ledger.groups import return_unit
from batchdrain.database.ledger.holder import Holder
from batchdrain.database.ledger.way_back import Destination, WayBack, give_row_back
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Claim
from batchdrain.model.errors import ClaimLost
from batchdrain.model.phase import GONE
from batchdrain.model.state_words import quote_word
from batchdrain.model.states import COUNTED, GIVEN_BACK, Outcome, next_state
from batchdrain.runtime import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishTransaction:
    """The end of one attempt. Call it with the connection of its transaction, which may be repeated. Returns the attempt as
    it was recorded. Raises ClaimLost and RowRefused."""

    tables: ClaimTables
    holder: Holder
    claim: Claim
    attempt: Attempt
    retry_in_s: float | None  #: nobody can claim the phase before this is over
    way: WayBack = WayBack.PRIOR  #: what is written if the phase is given back

    def __call__(self, connection: sa.Connection) -> Attempt:
        statements, outcome = self.tables.statements, self.attempt.outcome
        ours: dict[str, Any] = {
            **self.holder.guard_of(self.claim),
            "counted": 1 if outcome in COUNTED else 0,
            "orphaned": 1 if outcome is Outcome.ORPHANED else 0,
        }
        waits = self.retry_in_s is not None and outcome is not Outcome.REFUSED and not self.attempt.unwritten
        if waits:
            freed = statements.free_until.execute(connection, {**ours, "wait_ms": round((self.retry_in_s or 0.0) * 1000)})
        else:
            freed = statements.free.execute(connection, ours)
        if not freed:
            return self._find_recorded(connection)
        recorded = self._write_row(connection)
        if waits and (
            recorded.outcome is Outcome.MOVED or recorded.unwritten
        ):  # the phase is not tried again, so nobody waits for it
            statements.forget_wait.execute(connection, {name: ours[name] for name in ("the_key", "the_epoch")})
        if not statements.close_attempt.execute(connection, to_row(recorded, statements.attempt_columns)):
            self._write_attempt_anew(connection, recorded)
        if recorded.outcome in GIVEN_BACK:
            return_unit(connection, self.tables.ledger, self.claim.group_key)
        return recorded

    def _write_attempt_anew(self, connection: sa.Connection, recorded: Attempt) -> None:
        """Write the attempt's row again after somebody deleted it. Its run type is lost, since only that row had it."""
        statements = self.tables.statements
        opening = opening_row_of(
            self.claim,
            self.tables.source,
            self.holder.session_uid,
            "default",
            is_newest=statements.is_newest,
        )
        row = to_row(recorded, statements.attempt_columns)
        end = {name: value for name, value in row.items() if not name.startswith("the_")}
        statements.open_attempt.execute(connection, {**opening, **end})

    def _find_recorded(self, connection: sa.Connection) -> Attempt:
        """The attempt that an earlier run of this transaction recorded, whose reply was lost.
        Raises ClaimLost if none did."""
        claim, attempt = self.claim, self.attempt
        at = {"the_key": claim.phase.key.digest, "the_epoch": claim.epoch}
        row = connection.execute(self.tables.statements.attempt, at).first()
        end = (self.holder.session_uid, clock.to_ms(attempt.ended_at))
        is_ours = row is not None and (row.session_uid, row.ended_ms) == end
        if row is None or not is_ours or row.outcome not in {attempt.outcome, Outcome.MOVED, Outcome.REFUSED}:
            raise self._lost(connection)
        return replace(attempt, outcome=Outcome(row.outcome), final_state=row.final_state)

    def _lost(self, connection: sa.Connection) -> ClaimLost:
        """The error of a lost claim: somebody took the claim over, or deleted or changed its row."""
        claim = self.claim
        now = self.tables.statements.read_claim(connection, claim.phase.key)
        epoch = None if now is None else now.epoch
        if epoch is not None and epoch > claim.epoch:
            return ClaimLost(f"{claim.phase.key}: the claim of epoch {claim.epoch} was taken over; nothing was written")
        what = "is gone" if epoch is None else "was changed"
        return ClaimLost(
            f"{claim.phase.key}: its row of batchdrain_claim {what}: no controller took the claim over, somebody deleted or changed "
            "the row; nothing was written",
            remedy="`inv doctor` names the phases that are executing without a claim",
        )

    def _write_row(self, connection: sa.Connection) -> Attempt:
        claim, attempt, table = self.claim, self.attempt, self.tables.phases
        key, gives_back = claim.phase.key, attempt.outcome in GIVEN_BACK or attempt.outcome is Outcome.REFUSED
        prior = claim.prior
        if claim.held_state is None or gives_back:
            held = () if claim.held_state is None else (claim.held_state,)
            ours: frozenset[str] = frozenset() if attempt.success else self.tables.intermediate.union(held)
            to = Destination(prior=prior, way=self.way, why=attempt.reason or "")
            state = give_row_back(connection, self.tables, key, to, ours)
            if attempt.success and attempt.is_of_gone_row and table.read_row_state(connection, key) is not None:
                return replace(attempt, outcome=Outcome.MOVED, final_state=state)
            if state in ours and state != prior.state and table.writability.problem:
                attempt = replace(attempt, unwritten=f"table {table.source.table!r} {table.writability.problem}")
            return replace(attempt, final_state=state)
        state = table.states[next_state(claim.phase.state, attempt.outcome)].write
        changed = table.finish(connection, key, claim.held_state, state, reason=attempt.reason, kind=claim.prior_kind)
        if changed == 1:
            return replace(with_text_of_row(attempt, self.tables), final_state=state)
        now = table.read_row_state(connection, key)
        if changed > 1 or (now is not None and now.state == claim.held_state):
            raise RowRefused(
                f"table {table.source.table!r} does not let the state of {key} become {quote_word(state)}: {changed} rows were changed",
                remedy="run_id and phase_id together must be unique, and no trigger may undo it; `inv doctor` tries it",
            )
        if now is None and attempt.success and self.tables.gone_is_complete:
            return replace(attempt, final_state=GONE)
        return replace(attempt, outcome=Outcome.MOVED, final_state=GONE if now is None else now.state)
