"""The claims of a controller. Apart from the transactions here, only give_back.py writes to the user's table.

Invariants: at most one (owner, epoch) holds a phase; an epoch only grows; every write names key, epoch and owner and is
judged by its row count, never by reading again. Each transaction may be repeated. After a crash the claim's row still holds
what `recover` needs to give the phase back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from batchdrain.config.settings import Command
from batchdrain.database.driver_errors import RowLocked, RowRefused, as_trouble_of
from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.claim_transaction import ClaimTransaction, NotTaken
from batchdrain.database.ledger.fallbacks import fallbacks
from batchdrain.database.ledger.finish_transaction import FinishTransaction
from batchdrain.database.ledger.holder import Holder
from batchdrain.database.ledger.way_back import blocked, refused_by
from batchdrain.database.phases.table import RowGone
from batchdrain.database.store import Store
from batchdrain.execution.process_identity import ProcessIdentity, identify_self
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, Claim, Group, Turn
from batchdrain.model.errors import BadData, BatchDrainError, ConfigError
from batchdrain.model.phase import PhaseKey


class Claims:
    """The claims of one controller in one session."""

    def __init__(
        self, store: Store, command: Command, session_uid: str, *, spool_dir: str = "", owner: str | None = None
    ) -> None:
        """`spool_dir`: where guardians leave results; kept in the claim.
        `owner`: the owner of a dead controller to act for, in recovery."""
        self.database = store.database
        self.tables = ClaimTables.of(store, command)
        self.holder = Holder(
            owner=owner or uuid.uuid4().hex, session_uid=session_uid, process=identify_self(), spool_dir=spool_dir
        )
        self.turn: Turn | None = None  #: the turn that each claim has to take; None: none is needed
        self._holds: dict[PhaseKey, int] = {}  #: the epochs of the claims that we hold
        self.not_found: set[PhaseKey] = set()  #: phases that could not be claimed because no row has their ids

    def claim(
        self,
        choice: Choice,
        *,
        lease_s: float,
        run_type: str,
        now: datetime,
        guard: ProcessIdentity | None = None,
        group: Group | None = None,
    ) -> Claim | None:
        """Claim the phase if it is still as it was chosen, in its own transaction. None if somebody else was faster.

        `guard`: the process that will watch the command; `group`: the claim takes a unit of it, or raises GroupEnded or
        TriedInGroup. Raises NotYet if it has to wait for its `turn`, RowLocked while the row can't be had, BadData if the ids
        name several rows, the row's content can't be read or kept, or the ledger contradicts itself, RowRefused if the table
        refuses the state, and ConfigError if batchdrain's own tables refuse a row."""
        phase = choice.phase
        if phase.key in self._holds:
            return None
        transaction = ClaimTransaction(
            tables=self.tables, holder=self.holder, phase=phase, lease_s=lease_s, run_type=run_type, now=now, guard=guard,
            group=group, turn=self.turn,
        )  # fmt: skip
        try:
            with as_trouble_of(phase.key):
                claim = self.database.write(transaction, may_wait=False)
        except NotTaken as end:
            if isinstance(end.__cause__, sa.exc.IntegrityError) and not self._epoch_of(phase.key):
                raise self._refused(end.__cause__) from end
            return None
        except RowGone:
            self.not_found.add(phase.key)
            return None
        except sa.exc.IntegrityError as error:  # of the attempt's row: one with this epoch exists already
            if error.statement is None or not self._has_attempt(phase.key, self._epoch_of(phase.key) + 1):
                raise self._refused(error) from error
            raise _contradiction(phase.key) from None
        self._holds[phase.key] = claim.epoch
        self.not_found.discard(phase.key)  # if the row was gone, somebody put it back
        return claim

    def beat(self, claims: Iterable[Claim], *, lease_s: float) -> list[Claim]:
        """Extend the leases, in one transaction. Returns the claims that are no longer ours."""
        held = sorted(claims, key=lambda claim: claim.phase.key.digest)
        beat, lease_ms = self.tables.statements.beat, round(lease_s * 1000)

        def extend(connection: sa.Connection) -> list[Claim]:
            return [
                claim for claim in held if not beat.execute(connection, {**self.holder.guard_of(claim), "lease_ms": lease_ms})
            ]

        return self.database.write(extend) if held else []

    def finish(self, claim: Claim, attempt: Attempt, *, retry_in_s: float | None = None, may_wait: bool = True) -> Attempt:
        """Write the end of an attempt and free the claim, in one transaction. Nobody can claim the phase again before
        `retry_in_s` is over. Returns the attempt as it was recorded: MOVED if somebody else changed the row meanwhile,
        REFUSED if the table refuses the end.

        Raises ClaimLost if a higher epoch was written. Raises RowLocked while somebody has the row locked, unless it
        `may_wait`. Raises RowRefused if even the former state is refused.
        """
        try:
            recorded = self._write_end(claim, attempt, retry_in_s, may_wait=may_wait)
        except RowLocked:
            raise
        except BaseException:
            self._forget(claim)
            raise
        self._forget(claim)
        return recorded

    def _write_end(self, claim: Claim, attempt: Attempt, retry_in_s: float | None, *, may_wait: bool) -> Attempt:
        refusal: BatchDrainError | None = None
        for version in fallbacks(attempt, claim, self.tables):
            transaction = FinishTransaction(
                tables=self.tables,
                holder=self.holder,
                claim=claim,
                attempt=version.of(refusal),
                retry_in_s=retry_in_s,
                way=version.way,
            )
            try:
                with as_trouble_of(claim.phase.key):
                    return self.database.write(transaction, may_wait=may_wait)
            except sa.exc.IntegrityError as error:
                refusal = refusal or self._refused(error)
            except (ConfigError, BadData) as error:
                refusal = refusal or error
        if refusal is None:
            raise AssertionError("there is a version to write")
        if isinstance(refusal, RowRefused | BadData):
            raise blocked(claim.phase.key, claim.prior_state, claim.held_state, refusal) from refusal
        raise refusal

    def _refused(self, error: sa.exc.IntegrityError) -> ConfigError:
        return refused_by(error, self.database.name, self.tables.phases.source.table)

    def _epoch_of(self, key: PhaseKey) -> int:
        """The epoch of the phase's claim now; 0 if nobody ever claimed the phase."""
        with self.database.read() as connection:
            found = self.tables.statements.read_claim(connection, key)
        return 0 if found is None else found.epoch or 0

    def _has_attempt(self, key: PhaseKey, epoch: int) -> bool:
        with self.database.read() as connection:
            at = {"the_key": key.digest, "the_epoch": epoch}
            return connection.execute(self.tables.statements.attempt, at).first() is not None

    def _forget(self, claim: Claim) -> None:
        if self._holds.get(claim.phase.key) == claim.epoch:
            del self._holds[claim.phase.key]


def _contradiction(key: PhaseKey) -> BadData:
    return BadData(
        f"{key}: batchdrain_attempt has an attempt that batchdrain_claim does not know",
        remedy="rows of batchdrain_claim were deleted: delete those of batchdrain_attempt too, or restore them",
    )
