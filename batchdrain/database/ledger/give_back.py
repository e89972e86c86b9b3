"""The transaction that gives back what a dead controller held. It never starts work: the phase needs a new claim for that."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import sqlalchemy as sa

from batchdrain.config.settings import Command
from batchdrain.database.connection import Database
from batchdrain.database.dialects import db_now_ms
from batchdrain.database.driver_errors import RowRefused, as_trouble_of
from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.groups import return_unit
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.ledger.way_back import (
    Destination,
    WayBack,
    blocked,
    give_row_back,
    refused_by,
    ways_back,
)
from batchdrain.database.store import Store
from batchdrain.model.errors import BadData, BatchDrainError
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """A phase that a dead controller held, and what became of it."""

    key: PhaseKey
    epoch: int  #: the epoch of the claim, which is void now
    state: str  #: the state in the table now
    recorded: Outcome | None = None  #: the outcome, if the command had ended and its result was recorded; None: given back
    orphanings: int = 0  #: how often in a row the phase was given back, including this time
    ended_processes: int = 0  #: how many processes of the abandoned execution were ended, on this machine
    problem: str = ""  #: why the claim could not be settled now; it is held as before
    code: int = 0  #: the exit code of `problem`; 0 if the claim was settled
    note: str = ""  #: why the phase was not given back as it was before the claim
    began: bool = True  #: whether its command began, or may have begun; if not, this is no orphaning


def give_back(store: Store, command: Command, held: Held, *, gone: bool, began: bool = True) -> Recovered | None:
    """Free the claim and restore the phase. None if its epoch has changed.

    `gone`: its controller and its guardian are known to be dead; otherwise the lease must be over by the database's clock.
    `began`: see `Recovered`. It may be repeated, and run by several at once: only the one that raises the epoch gives the
    claim back. Raises RowLocked while the row can't be had, and RowRefused or BadData if the table refuses every way to take
    the phase back.
    """
    how = KnownEnd(gone=gone, began=began)
    return _give_back(store, command, held, how, write=partial(store.database.write, may_wait=False))


def try_give_back(store: Store, command: Command, held: Held) -> None:
    """Do the same as `give_back`, and roll it back. Raises the same errors."""
    with contextlib.suppress(_Tried):
        _give_back(store, command, held, KnownEnd(gone=True, began=True), write=partial(_write_and_roll_back, store.database))


class _Tried(Exception):
    """Rolls back what was tried: it can be done."""


def _write_and_roll_back(database: Database, work: GiveBack) -> Recovered | None:
    def try_and_leave(connection: sa.Connection) -> None:
        work(connection)
        if connection.dialect.name == "postgresql":  # check now what would be checked at the commit
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
        raise _Tried

    database.write(try_and_leave, may_wait=False)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEnd:
    """What is known of a claim that is given back."""

    gone: bool
    began: bool


def _give_back(
    store: Store, command: Command, held: Held, known: KnownEnd, *, write: Callable[[GiveBack], Recovered | None]
) -> Recovered | None:
    tables = ClaimTables.of(store, command)
    refusal: BatchDrainError | None = None
    blocked_by = store.table.writability.problem
    for way in ways_back(held.prior_state, held.held_state, tables):
        message = f"table {store.table.source.table!r} {blocked_by}" if refusal is None else refusal.message
        why = f"it was to be released, but {message}"
        try:
            with as_trouble_of(held.key):
                return write(GiveBack(ledger=store.ledger, tables=tables, held=held, known=known, way=way, why=why))
        except sa.exc.IntegrityError as error:
            refusal = refusal or refused_by(error, store.database.name, store.table.source.table)
        except (RowRefused, BadData) as error:
            refusal = refusal or error
    if refusal is None:
        raise AssertionError("there is a way back")
    raise blocked(held.key, held.prior_state, held.held_state, refusal) from refusal


@dataclass(slots=True, kw_only=True)
class GiveBack:
    """Gives one claim back. Call it with the connection of its transaction, which may be repeated. Raises RowRefused."""

    ledger: Ledger
    tables: ClaimTables
    held: Held
    known: KnownEnd
    way: WayBack
    why: str
    _earlier: Recovered | None = None  #: the result of an earlier run whose reply was lost

    def __call__(self, connection: sa.Connection) -> Recovered | None:
        held, attempts = self.held, self.ledger.attempt
        if not connection.execute(_free(self.ledger, held, self.known)).rowcount:
            return self._earlier if self._earlier is not None and self._is_given_back(connection) else None
        ours = self.tables.intermediate.union(() if held.held_state is None else (held.held_state,))
        prior, key = held.prior, held.key
        state = give_row_back(connection, self.tables, key, Destination(prior=prior, way=self.way, why=self.why), ours)
        if held.has_attempt:
            orphaned = {"outcome": self._outcome, "ended_ms": db_now_ms(), "final_state": state}
            connection.execute(attempts.update().where(self._its_attempt).values(orphaned))
        return_unit(connection, self.ledger, held.group_key)
        note = "" if self.way is WayBack.PRIOR or state == held.prior_state else self.why
        orphanings = held.orphanings + self.known.began
        self._earlier = Recovered(
            key=key, epoch=held.epoch, state=state, orphanings=orphanings, note=note, began=self.known.began
        )
        return self._earlier

    @property
    def _outcome(self) -> str:
        return (Outcome.ORPHANED if self.known.began else Outcome.NOT_STARTED).value

    @property
    def _its_attempt(self) -> sa.ColumnElement[bool]:
        attempts, held = self.ledger.attempt, self.held
        return sa.and_(attempts.c.source == self.ledger.source, attempts.c.key == held.digest, attempts.c.epoch == held.epoch)

    def _is_given_back(self, connection: sa.Connection) -> bool:
        """Whether the claim was given back by our own commit, whose reply was lost."""
        query = sa.select(self.ledger.attempt.c.outcome).where(self._its_attempt)
        return self.held.has_attempt and connection.execute(query).scalar() == self._outcome


def _free(ledger: Ledger, held: Held, known: KnownEnd) -> sa.Update:
    claims, gone = ledger.claim, known.gone
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
            orphan_count=claims.c.orphan_count + 1 if known.began else claims.c.orphan_count,
        )
    )
