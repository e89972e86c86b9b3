"""The transaction that gives back what a dead controller held. It never starts work: the phase re-enters by a claim."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.config.settings import Command
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.driver_errors import RowRefused
from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.ledger.way_back import WayBack, blocked, give_row_back, refused_at_commit, ways_back
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey, RowState
from batchdrain.model.states import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A phase that a dead controller held, and what became of it."""

    key: PhaseKey
    epoch: int  #: of the claim that is void now
    state: str  #: what stands in the table now
    recorded: Outcome | None = None  #: its command had ended, and its result was recorded; None: given back
    orphanings: int = 0  #: how often the phase was given back in a row, this time included
    ended_processes: int = 0  #: of the abandoned execution, on this machine
    problem: str = ""  #: why it could not be settled now: it is held as before
    note: str = ""  #: why it was not given back as it stood before the claim


def give_back(store: Store, command: Command, held: Held, *, gone: bool) -> Recovered | None:
    """Free the claim and restore the phase, unless its epoch has moved; None then.

    `gone`: its controller and its guardian are known to be dead; otherwise the lease must be over, by the database's
    clock. May be repeated, and run by several at once: a claim is given back by whoever raises its epoch. Raises RowLocked
    while somebody has the row locked, RowRefused when the table takes it back in no way.
    """
    tables, refusal = ClaimTables.of(store, command), None
    for way in ways_back(held.prior_state, held.held_state, tables):
        why = f"it was to be given back, but {'' if refusal is None else refusal.message}"
        work = GiveBack(ledger=store.ledger, tables=tables, held=held, gone=gone, way=way, why=why)
        try:
            return store.database.write(work, may_wait=False)
        except sa.exc.IntegrityError as error:
            refusal = refusal or refused_at_commit(error, store.table.source.table)
        except RowRefused as error:
            refusal = refusal or error
    if refusal is None:
        raise AssertionError("there is a way back")
    raise blocked(held.key, held.prior_state, held.held_state, refusal) from refusal


@dataclass(slots=True, kw_only=True)
class GiveBack:
    """Called with the connection of its transaction, which may be repeated. Raises RowRefused."""

    ledger: Ledger
    tables: ClaimTables
    held: Held
    gone: bool
    way: WayBack
    why: str
    _earlier: Recovered | None = None  #: of a run whose reply was lost

    def __call__(self, connection: sa.Connection) -> Recovered | None:
        held, attempts = self.held, self.ledger.attempt
        if not connection.execute(_free(self.ledger, held, gone=self.gone)).rowcount:
            return self._earlier if self._earlier is not None and self._is_given_back(connection) else None
        ours = self.tables.intermediate.union(() if held.held_state is None else (held.held_state,))
        prior, key, way = RowState(state=held.prior_state, reason=held.prior_reason), held.key, self.way
        state = give_row_back(connection, self.tables, key, prior, ours=ours, way=way, why=self.why)
        if held.has_attempt:
            orphaned = {"outcome": Outcome.ORPHANED.value, "ended_ms": db_now_ms(), "final_state": state}
            connection.execute(attempts.update().where(self._its_attempt).values(orphaned))
        note = "" if way is WayBack.PRIOR else self.why
        self._earlier = Recovered(key=key, epoch=held.epoch, state=state, orphanings=held.orphanings + 1, note=note)
        return self._earlier

    @property
    def _its_attempt(self) -> sa.ColumnElement[bool]:
        attempts, held = self.ledger.attempt, self.held
        return sa.and_(
            attempts.c.source == self.ledger.source, attempts.c.key == held.digest, attempts.c.epoch == held.epoch
        )

    def _is_given_back(self, connection: sa.Connection) -> bool:
        """Whether the reply to our own commit was lost."""
        query = sa.select(self.ledger.attempt.c.outcome).where(self._its_attempt)
        return self.held.has_attempt and connection.execute(query).scalar() == Outcome.ORPHANED.value


def _free(ledger: Ledger, held: Held, *, gone: bool) -> sa.Update:
    claims = ledger.claim
    key, epoch = held.digest, held.epoch
    seen = sa.and_(
        claims.c.source == ledger.source, claims.c.key == key, claims.c.epoch == epoch, claims.c.owner == held.owner
    )
    return (
        claims.update()
        .where(seen if gone else sa.and_(seen, claims.c.lease_until_ms < db_now_ms()))
        .values(
            epoch=claims.c.epoch + 1,
            owner=None,
            lease_until_ms=None,
            prior_reason=None,
            orphan_count=claims.c.orphan_count + 1,
        )
    )
