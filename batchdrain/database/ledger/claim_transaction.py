"""The transaction that claims a phase. Lock order: claim (if there is one already), phase, attempt, group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from batchdrain.database.driver_errors import RowRefused
from batchdrain.database.ledger.attempt_rows import opening_row_of
from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.group_turns import take_turn
from batchdrain.database.ledger.groups import require_untried, take_unit
from batchdrain.database.ledger.holder import Holder
from batchdrain.database.ledger.schema import error_of_no_version, require_known
from batchdrain.database.ledger.source_names import require_present_name
from batchdrain.database.ledger.tables import SCHEMA_VERSION
from batchdrain.database.phases.columns import from_parameter, to_parameter
from batchdrain.database.url import mask_url
from batchdrain.execution.order import token_of
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.model.claim import Claim, Group, Turn
from batchdrain.model.phase import Phase, RowState

Given = Mapping[str, str | None]
"""The columns of the row that its command gets."""


class NotTaken(Exception):
    """Somebody else was faster, or the phase changed since it was chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimTransaction:
    """The claim of one phase. Call it with the connection of its transaction, which may be repeated: if the reply to a commit
    was lost, the second run finds its own work and returns the same. Raises NotTaken, GroupEnded, TriedInGroup, NotYet, and
    what `Claims.claim` raises."""

    tables: ClaimTables
    holder: Holder
    phase: Phase
    lease_s: float
    run_type: str
    now: datetime
    guard: ProcessIdentity | None
    group: Group | None = None  #: the claim takes a unit of this group
    turn: Turn | None = None  #: the turn that the command needs to begin

    def __call__(self, connection: sa.Connection) -> Claim:
        statements = self.tables.statements
        row = self._read_claim(connection)
        if row is not None and row.owner == self.holder.owner:  # the reply to our own commit was lost
            prior = RowState(state=row.prior_state, reason=from_parameter(row.prior_reason), kind=row.prior_kind)
            return self._to_claim(row.epoch, row.attempts, prior, self._read_given(connection))
        ours = self._values()
        if row is not None and not statements.take.execute(connection, {**ours, "the_epoch": row.epoch}):
            raise NotTaken
        if row is not None and self.group is not None:
            require_untried(connection, self.tables.ledger, self.group, self.phase.key)
        prior, given = self._take_row(connection)
        ours |= {"former_state": prior.state, "former_reason": to_parameter(prior.reason), "former_kind": prior.kind}
        if row is not None:
            statements.keep_prior.execute(connection, ours)
        else:
            try:
                statements.first.execute(connection, ours)
            except sa.exc.IntegrityError as error:  # if two claim the phase at once, the second fails
                raise NotTaken from error
        epoch, attempts = (1, 0) if row is None else (row.epoch + 1, row.attempts)
        claim = self._to_claim(epoch, attempts, prior, given)
        opening = opening_row_of(
            claim, self.tables.source, self.holder.session_uid, self.run_type, is_newest=statements.is_newest
        )
        statements.open_attempt.execute(connection, opening)
        if self.group is not None:
            take_unit(connection, self.tables.ledger, self.group)
        if self.turn is not None:
            take_turn(connection, self.tables.ledger, self.turn)
        return claim

    def _read_claim(self, connection: sa.Connection) -> Any:
        """The phase's row in batchdrain_claim; None if nobody has claimed it yet. Raises ConfigError if a newer batchdrain
        has changed the tables meanwhile, or if the ledger's rows have another name of the phases' table now; NotTaken."""
        found = self.tables.statements.read_claim(connection, self.phase.key)
        if found is None:
            raise error_of_no_version()
        if found.version != str(SCHEMA_VERSION):
            require_known(found.version, mask_url(connection.engine.url))
        if found.is_elsewhere and found.owner != self.holder.owner:
            require_present_name(self.tables.phases, self.tables.source)
            raise NotTaken
        return None if found.epoch is None else found

    def _values(self) -> dict[str, Any]:
        process, guard = self.holder.process, self.guard
        return {
            "the_key": self.phase.key.digest,
            "the_owner": self.holder.owner,
            "lease_ms": round(self.lease_s * 1000),
            "host": process.host_id,
            "pid": process.pid,
            "start": process.start,
            "guard": None if guard is None else guard.pid,
            "guard_begun": None if guard is None else guard.start,
            "spool": self.holder.spool_dir,
            "held": self.tables.held_state,
            "codes": self.tables.success_codes,
            "group": self._group_key,
        }

    @property
    def _group_key(self) -> str | None:
        return None if self.group is None else self.group.key

    def _take_row(self, connection: sa.Connection) -> tuple[RowState, Given]:
        """Take the phase's row. Returns its state before, and the columns that the command gets. Raises NotTaken if the row
        changed meanwhile, RowGone, BadData, RowRefused."""
        table, phase, held_state = self.tables.phases, self.phase, self.tables.held_state
        prior = table.read_row_state_in(connection, phase.key, phase.state, for_update=held_state is not None)
        if prior is None:
            raise NotTaken
        given = self._read_given(connection)
        if held_state is not None and table.take(connection, phase.key, prior) != 1:
            raise RowRefused(
                f"table {table.source.table!r} does not let the state of {phase.key} become {held_state!r}, and gives "
                "no reason: one of its triggers or rules does that",
                remedy="map another word in batchdrain.source.states.executing; `inv doctor` tries it",
            )
        return prior, given

    def _read_given(self, connection: sa.Connection) -> Given:
        return self.tables.phases.read_given(connection, self.phase.key, for_update=self.tables.held_state is not None)

    def _to_claim(self, epoch: int, attempts: int, prior: RowState, given: Given) -> Claim:
        return Claim(
            phase=self.phase,
            epoch=epoch,
            attempt=attempts + 1,
            prior_state=prior.state,
            prior_reason=prior.reason,
            prior_kind=prior.kind,
            held_state=self.tables.held_state,
            claimed_at=self.now,
            token=token_of(self.holder.session_uid, self.phase.key.digest, epoch),
            group_key=self._group_key,
            columns=given,
        )
