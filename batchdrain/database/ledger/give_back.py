"""The transaction that gives back what a dead controller held. It never starts work: the phase re-enters by a claim."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.config.settings import Command
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.driver_errors import as_trouble_of
from batchdrain.database.ledger.history import Held
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.intermediate import intermediate_states_of
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


def give_back(store: Store, command: Command, held: Held, *, gone: bool) -> Recovered | None:
    """Free the claim and restore the phase, unless its epoch has moved; None then.

    `gone`: its controller and its guardian are known to be dead; otherwise the lease must be over, by the database's
    clock. May be repeated, and run by several at once: a claim is given back by whoever raises its epoch. Raises RowLocked
    while the row can't be had, RowRefused or BadData when the table does not take its former state back.
    """
    attempts, free = store.ledger.attempt, _free(store.ledger, held, gone=gone)
    this = sa.and_(
        attempts.c.source == store.ledger.source, attempts.c.key == held.key.digest, attempts.c.epoch == held.epoch
    )
    ours = intermediate_states_of(store.table, command).union(() if held.held_state is None else (held.held_state,))
    earlier: list[Recovered] = []  #: of runs of `work` whose reply was lost

    def work(connection: sa.Connection) -> Recovered | None:
        if not connection.execute(free).rowcount:
            return earlier[-1] if earlier and is_orphaned(connection) else None
        prior = RowState(state=held.prior_state, reason=held.prior_reason)
        state = store.table.restore(connection, held.key, prior, ours)
        orphaned = {"outcome": Outcome.ORPHANED.value, "ended_ms": db_now_ms(), "final_state": state}
        connection.execute(attempts.update().where(this).values(orphaned))
        earlier.append(Recovered(key=held.key, epoch=held.epoch, state=state, orphanings=held.orphanings + 1))
        return earlier[-1]

    def is_orphaned(connection: sa.Connection) -> bool:
        """The reply to our own commit was lost."""
        return connection.execute(sa.select(attempts.c.outcome).where(this)).scalar() == Outcome.ORPHANED.value

    with as_trouble_of(held.key):
        return store.database.write(work, may_wait=False)


def _free(ledger: Ledger, held: Held, *, gone: bool) -> sa.Update:
    claims = ledger.claim
    key, epoch = held.key.digest, held.epoch
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
