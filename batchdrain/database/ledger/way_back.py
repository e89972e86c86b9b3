"""Gives a phase back to a table that may refuse it: to its former state, else to another; else the row stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

import sqlalchemy as sa

from batchdrain.database.driver_errors import RowRefused, first_line_of
from batchdrain.database.ledger.claim_tables import ClaimTables
from batchdrain.database.ledger.own_writes import refused_own
from batchdrain.model.errors import BatchDrainError, ConfigError
from batchdrain.model.phase import GONE, PhaseKey, RowState
from batchdrain.model.state_words import quote_word
from batchdrain.model.states import PhaseState


class WayBack(Enum):
    """What is written into the row of a phase that is given back."""

    PRIOR = auto()  #: state and reason as before the claim
    FAILED = auto()  #: failed with the reason why: for a queued phase that the table does not take back
    NOTHING = auto()  #: nothing, as the command sets states itself or nobody can; the row's state is recorded


def ways_back(prior_state: str, held_state: str | None, tables: ClaimTables) -> Iterator[WayBack]:
    """The ways to try. The caller asks for the next one only if the table refused the last.
    Ways that can't be written are left out."""
    if tables.phases.writability.problem:
        yield WayBack.NOTHING
        return
    yield WayBack.PRIOR
    if held_state is None:
        yield WayBack.NOTHING
    elif prior_state in tables.phases.states[PhaseState.QUEUED]:
        yield WayBack.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """What a row is to become."""

    prior: RowState  #: the row before the claim
    way: WayBack
    why: str  #: the reason of a row that becomes failed


def give_row_back(
    connection: sa.Connection, tables: ClaimTables, key: PhaseKey, to: Destination, ours: frozenset[str]
) -> str:
    """Give the row back, but only if its state is one of `ours`. Returns the state afterwards. Raises RowRefused."""
    table = tables.phases
    now = table.read_row_state(connection, key)
    if now is None:
        return GONE
    if to.way is WayBack.NOTHING or now.state not in ours or now == to.prior:
        return now.state
    if to.way is WayBack.PRIOR:
        wanted = to.prior.state
        table.give_back(connection, key, now.state, to.prior, reason_changed=now.reason != to.prior.reason)
    else:
        wanted = table.states[PhaseState.FAILED].write
        table.finish(connection, key, now.state, wanted, reason=to.why, kind=to.prior.kind)
    stands = table.read_row_state(connection, key)  # a view's trigger changes rows that are not counted; another undoes it
    if stands is not None and stands.state == now.state != wanted:
        raise RowRefused(f"table {table.source.table!r} does not let the state of {key} become {quote_word(wanted)}")
    return GONE if stands is None else stands.state


def blocked(key: PhaseKey, prior_state: str, stands: str | None, refusal: BatchDrainError) -> RowRefused:
    """The error if every way was refused. The claim stays, so that nothing is forgotten."""
    state = "as its command left it" if stands is None else stands
    return RowRefused(
        f"{key} can't be released: {refusal.message}",
        remedy=f"its row stays {state}: remove what keeps it from becoming {quote_word(prior_state)} again, or set its state yourself; "
        "then `inv recover`",
    )


def refused_by(error: sa.exc.IntegrityError, database: str, table: str) -> ConfigError:
    """The error for a violated constraint. If a single statement was refused, it is a table of ours: refusals of the user's
    table are raised elsewhere. `table`: the user's."""
    return refused_at_commit(error, table) if error.statement is None else refused_own(error, database)


def refused_at_commit(error: sa.exc.IntegrityError, table: str) -> RowRefused:
    """The refusal by a constraint that is checked only when a transaction ends."""
    return RowRefused(
        f"table {table!r} refuses at the commit what a drain writes: {first_line_of(error.orig)}",
        remedy="map words and columns in batchdrain.source that it accepts; `inv doctor` tries them",
    )
