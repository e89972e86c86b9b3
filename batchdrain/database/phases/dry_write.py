"""Checks whether the table accepts what a drain writes: the writes are tried on a row, in a transaction that is rolled back.

Otherwise a constraint, a trigger, a privilege, a narrow column or a character set would be noticed with the first result,
when the command has already run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.driver_errors import RowLocked, RowRefused, as_trouble_of
from batchdrain.database.ledger.fallbacks import PLAIN_CHARS
from batchdrain.database.phases.checks import describe_lost
from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.some_rows import find_some_in
from batchdrain.database.phases.table import PhaseTable, RowGone
from batchdrain.database.storage import can_be_tried
from batchdrain.model.errors import BadData, ConfigError
from batchdrain.model.phase import PhaseKey, RowState
from batchdrain.model.state_words import quote_word
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import count_of

SAMPLE: Final = "tried by batchdrain, and rolled back ".ljust(PLAIN_CHARS, ".")
"""A column of reasons must take at least this much. Longer texts, or texts that are not ASCII, may be kept only in part."""

_CURE: Final = "is there a trigger or a rule? Map another word in batchdrain.source.states"
_OTHERS: Final = 20
_LOST: Final = 3
"""Stop after this many rows that break reading or writing. Each takes several tries."""


class _Tried(Exception):
    def __init__(self, problems: list[str]) -> None:
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class DryWrite:
    """The result of the try: what the table refused."""

    problems: list[str]  #: one line each; the table accepts no tried row's writes
    of_rows: list[str]  #: one line each, about single rows; another row was accepted
    is_tried: bool = True  #: False: no row is in the state, it is locked, or the writes would stay


def dry_write(database: Database, table: PhaseTable, state: PhaseState, state_word: str | None = None) -> DryWrite:
    """Try the writes on one row of `state`, and on others if it refuses: what only one row refuses does not end a drain.
    `state_word`: try only rows with this word. No problem is found if there is no such row, or it is locked. Never waits for
    a row's lock, and writes nothing where it would stay. Raises DatabaseUnavailable."""
    refused: list[str] = []
    of_rows: list[str] = []
    tried: list[PhaseKey] = []
    if can_be_tried(database, (table.table,)):
        for key in _candidates(database, table, state, state_word):
            try:
                found = _try_row(database, table, key, state, tried)
            except BadData as error:
                of_rows.append(str(error))
                if len(of_rows) >= _LOST:
                    break
                continue
            if not found:
                return DryWrite(problems=[], of_rows=of_rows + refused, is_tried=bool(tried))
            refused = refused or found
    return DryWrite(problems=refused, of_rows=of_rows, is_tried=bool(tried or refused or of_rows))


def _try_row(database: Database, table: PhaseTable, key: PhaseKey, state: PhaseState, tried: list[PhaseKey]) -> list[str]:
    try:
        with as_trouble_of(key):
            return roll_back(database, partial(_write_row, table=table, key=key, state=state, tried=tried))
    except RowGone:
        with database.read() as connection:
            return [describe_lost(table, key)] if find_some_in(connection, table, state, 1) == [key] else []


def _candidates(database: Database, table: PhaseTable, state: PhaseState, state_word: str | None) -> Iterator[PhaseKey]:
    """One row; then, if the caller wants more, some random others."""
    with database.read() as connection:
        first = find_some_in(connection, table, state, 1, state_word=state_word)
    yield from first
    if first:
        with database.read() as connection:
            others = find_some_in(connection, table, state, _OTHERS, at_random=True, state_word=state_word)
        yield from (key for key in others if key not in first)


def roll_back(database: Database, work: Callable[[sa.Connection], list[str]]) -> list[str]:
    """Run `work` and roll back all that it wrote. Returns the problems that it finds; empty if a row was locked."""

    def try_and_leave(connection: sa.Connection) -> None:
        raise _Tried(work(connection))

    try:
        database.write(try_and_leave, may_wait=False)
    except _Tried as found:
        return found.problems
    except RowLocked:
        return []
    except RowRefused as refusal:
        return [str(refusal)]
    except ConfigError as error:
        return [f"batchdrain.source: {error.message}"]
    return []


def _write_row(
    connection: sa.Connection, *, table: PhaseTable, key: PhaseKey, state: PhaseState, tried: list[PhaseKey]
) -> list[str]:
    """Try all writes of a drain on one row. `tried`: gets the key once one of them was tried."""
    try:
        prior = table.read_row_state_in(connection, key, state, for_update=True, nowait=True)
    except BadData:  # reported when this phase is drained
        return []
    if prior is None:
        return []
    executing, words = table.states[PhaseState.EXECUTING].write, table.states
    problem = _try_write(connection, table, key, executing, lambda: table.take(connection, key, prior))
    tried.append(key)
    if problem is not None:
        return [problem]

    def end(state: str, reason: str | None) -> Callable[[], int]:
        return lambda: table.finish(connection, key, executing, state, reason=reason, kind=prior.kind)

    failed, complete = words[PhaseState.FAILED].write, words[PhaseState.COMPLETE].write
    found = [_try_write(connection, table, key, failed, end(failed, SAMPLE), keep=False)]
    ended = _try_write(connection, table, key, complete, end(complete, None), keep=False)
    if ended is not None and table.takes_null:
        table.takes_null = False
        ended = _try_write(connection, table, key, complete, end(complete, None), keep=False)
        table.takes_null = ended is not None
    found.append(ended)
    back = lambda: table.give_back(connection, key, executing, prior, reason_changed=False)  # noqa: E731
    found.append(_try_write(connection, table, key, prior.state, back, keep=False))
    return [problem for problem in found if problem is not None]


def _try_write(
    connection: sa.Connection, table: PhaseTable, key: PhaseKey, state: str, write: Callable[[], int], *, keep: bool = True
) -> str | None:
    """Why a write is refused; None if it is accepted. An accepted write stays in the transaction only if `keep`."""
    part = connection.begin_nested()
    try:
        changed = write()
        now: RowState | None = table.read_row_state(connection, key)
        if connection.dialect.name == "postgresql":  # check now what would be checked at the commit
            connection.exec_driver_sql("SET CONSTRAINTS ALL IMMEDIATE")
    except RowRefused as refusal:
        part.rollback()
        return str(refusal)
    except sa.exc.IntegrityError as error:
        part.rollback()
        return (
            f"table {table.source.table!r} refuses state {quote_word(state)} at the commit: {str(error.orig).splitlines()[0]}"
        )
    if changed == 1 and now is not None and now.state == state:
        if keep:
            part.commit()
        else:
            part.rollback()
        return None
    part.rollback()
    after = "the row is gone" if now is None else f"the state is {quote_word(now.state)}"
    is_left_out = now is None and table.writability.relation is Relation.VIEW
    cure = "does the view leave such rows out? Map the table behind it" if is_left_out else _CURE
    return (
        f"table {table.source.table!r} does not let the state become {quote_word(state)}: {count_of(changed, 'row')} changed, and "
        f"then {after}; {cure}"
    )
