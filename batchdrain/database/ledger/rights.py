"""Checks whether this user may do with batchdrain's own tables what a drain does. Each kind of statement is tried, and rolled
back.

Missing tables are made in that transaction, and rolled back with it. MariaDB and MySQL can't roll back a new table. There a
statement is tried that the server refuses only after it has checked the rights, and that makes nothing.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.dialects import lock_table_creation
from batchdrain.database.driver_error_table import Meaning
from batchdrain.database.driver_errors import RowLocked, RowRefused, code_of, first_line_of, meaning_of
from batchdrain.database.ledger.migration import is_held, statements_of
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.storage import can_be_tried
from batchdrain.model.errors import ConfigError

_MADE_NOTHING: Final = {1050, 1060, 1146, 1072}
"""MySQL's errors: table exists, column named twice, no such table, no such column in an index.
Only a user with the right gets them."""
_BY_PRUNE: Final = {("batchdrain_attempt", "delete"), ("batchdrain_attempt_sum", "insert"), ("batchdrain_attempt_sum", "update"),
                    ("batchdrain_chain", "delete"), ("batchdrain_group", "delete"), ("batchdrain_session", "delete")}  # fmt: skip
_BY_GROUPS: Final = "batchdrain_group"
_BY_NOBODY: Final = {("batchdrain_claim", "delete"), ("batchdrain_attempt_sum", "delete")}


@dataclass(slots=True)
class LedgerRights:
    """What was refused, one line each."""

    are_there: bool = False  #: whether the tables of the first version exist
    creation: str | None = None  #: why they can't be made; None if they can, or exist
    migration: str | None = (
        None  #: why tables of an earlier version can't be migrated; None if they can, need not, or a claim is held
    )
    of_drain: list[str] = field(default_factory=list)  #: refusals that no drain can do without
    of_prune: list[str] = field(default_factory=list)  #: refusals that only `inv prune` notices
    of_groups: list[str] = field(default_factory=list)  #: refusals that only a drain with --group notices
    untried: str = ""  #: why nothing was tried; '' if it was

    def list_of(self, table: str, kind: str) -> list[str]:
        """The list to which a refusal of this kind of statement belongs."""
        if (table, kind) in _BY_PRUNE:
            return self.of_prune
        return self.of_groups if table == _BY_GROUPS else self.of_drain


class _Tried(Exception):
    """Rolls back what was tried."""


def try_rights(database: Database, ledger: Ledger) -> LedgerRights:
    """Try the rights. Waits for no lock, and tries nothing where it would stay. Raises DatabaseUnavailable."""
    found = LedgerRights()
    if not can_be_tried(database, ledger.tables):
        found.untried = "what is tried would stay in them"
        return found

    def work(connection: sa.Connection) -> None:
        found.of_drain.clear()
        found.of_prune.clear()
        found.of_groups.clear()
        _try_all(connection, ledger, found)
        raise _Tried

    try:
        database.write(work, may_wait=False)
    except _Tried:
        pass
    except RowLocked as locked:
        found.untried = f"somebody has the database locked ({locked})"
    except (RowRefused, ConfigError) as error:
        found.of_drain.append(getattr(error, "message", str(error)))
    return found


def _try_all(connection: sa.Connection, ledger: Ledger, found: LedgerRights) -> None:
    found.are_there = ledger.exists(connection)
    if not found.are_there and (problem := _try_to_make(connection, ledger)) is not None:
        found.creation = problem
        return
    if found.are_there and not ledger.is_newest and not is_held(connection, ledger):
        found.migration = _try_to_migrate(connection, ledger)
    for table in ledger.tables:
        for kind, statement in _statements_of(table):
            if (table.name, kind) in _BY_NOBODY or (problem := _try(connection, statement)) is None:
                continue
            line = f"{table.name} can't be {'read' if kind == 'select' else 'written'} ({kind}): {problem}"
            found.list_of(table.name, kind).append(line)


def _try_to_make(connection: sa.Connection, ledger: Ledger) -> str | None:
    """Why the tables can't be made; None if they can."""
    if connection.dialect.name in {"sqlite", "postgresql"}:
        try:
            with lock_table_creation(connection):
                ledger.meta.metadata.create_all(connection)
        except sa.exc.DBAPIError as error:
            return _problem_of(error)
        return None
    for table in ledger.tables:
        name = connection.dialect.identifier_preparer.format_table(table)
        # Making an index needs its own right.
        index = [f"CREATE INDEX batchdrain_tried ON {name} (absent)"] if table.indexes else []
        for statement in (f"CREATE TABLE {name} (twice INT, twice INT)", *index):
            try:  # no savepoint: these statements end the transaction
                connection.exec_driver_sql(statement)
            except sa.exc.DBAPIError as error:
                if (problem := _problem_of(error)) is not None:
                    return problem
    return None


def _try_to_migrate(connection: sa.Connection, ledger: Ledger) -> str | None:
    """Why the tables of an earlier version can't be brought to the newest; None if they can."""
    statements = statements_of(connection, ledger)
    if connection.dialect.name in {"sqlite", "postgresql"}:
        part = connection.begin_nested()
        problem = next((one for text in statements if (one := _try(connection, sa.text(_escape(text)))) is not None), None)
        part.rollback()
        return problem
    return next((one for text in statements if (one := _try_refused(connection, text)) is not None), None)


def _escape(statement: str) -> str:
    return statement.replace(":", r"\:")


def _try_refused(connection: sa.Connection, statement: str) -> str | None:
    """Try the statement with a column that is named twice, if it makes or alters something: then it makes nothing."""
    found = re.match(r"(CREATE TABLE|ALTER TABLE) (\S+)", statement)
    if found is None:
        return None
    rest = " (twice INT, twice INT)" if found[1] == "CREATE TABLE" else " ADD COLUMN twice INT, ADD COLUMN twice INT"
    try:  # no savepoint: these statements end the transaction
        connection.exec_driver_sql(found[0] + rest)
    except sa.exc.DBAPIError as error:
        return _problem_of(error)
    return None


def _try(connection: sa.Connection, statement: sa.Executable) -> str | None:
    part = connection.begin_nested()
    try:
        connection.execute(statement)
    except sa.exc.DBAPIError as error:
        if part.is_active:
            part.rollback()
        return _problem_of(error)
    part.commit()
    return None


def _problem_of(error: sa.exc.DBAPIError) -> str | None:
    known = code_of(error.orig)
    if known is not None and known[0] == "mysql" and known[1] in _MADE_NOTHING:
        return None
    if meaning_of(error) in {Meaning.OUTAGE, Meaning.LOCK}:
        raise error
    return first_line_of(error.orig)


def _statements_of(table: sa.Table) -> Iterator[tuple[str, sa.Executable]]:
    """The statements on a row that is ours alone: it is inserted, updated, selected and deleted."""
    name = uuid.uuid4().hex  # a new name: a row left behind by an earlier try does no harm
    row = {column.name: _sample_of(column, name) for column in table.columns if not column.nullable}
    this = sa.and_(*(column == row[column.name] for column in table.primary_key))
    last = list(table.columns)[-1]
    yield "insert", table.insert().values(**row)
    yield "update", table.update().where(this).values({last: row.get(last.name)})
    yield "select", sa.select(table).where(this)
    yield "delete", table.delete().where(this)


def _sample_of(column: sa.Column[Any], name: str) -> object:
    return 1 if isinstance(column.type, sa.Integer) else name[: getattr(column.type, "length", None) or 32]
