"""Tables of an earlier batchdrain get what later versions added: tables, and columns that may be NULL. Nothing is changed or
taken away.

Only while nobody holds a claim, as its holder may be of the earlier version, and under a lock that keeps new claims waiting.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from batchdrain.database.connection import Database
from batchdrain.database.dialects import lock_table_creation, lock_tables
from batchdrain.database.driver_error_table import Meaning
from batchdrain.database.driver_errors import RowLocked, first_line_of, meaning_of
from batchdrain.database.ledger.schema import VERSION, Ledger
from batchdrain.database.ledger.tables import SCHEMA_VERSION, make_tables
from batchdrain.database.phases.names import quote_name
from batchdrain.model.errors import ConfigError


def migrate(database: Database, ledger: Ledger) -> bool:
    """Whether the tables are of the newest version now. False while somebody holds a claim, or works with the tables.
    Raises ConfigError, with the statements to run, where it is denied; DatabaseUnavailable."""

    def work(connection: sa.Connection) -> bool:
        try:
            return _alter(connection, ledger)
        except sa.exc.DBAPIError as error:
            if (
                meaning_of(error) is Meaning.ACCESS
            ):  # to lock tables is a privilege of its own, which MariaDB denies like a login
                raise ConfigError(first_line_of(error.orig)) from error
            raise

    try:
        return database.write(work, may_wait=False)
    except RowLocked:
        return False
    except ConfigError as error:
        raise ConfigError(
            f"database {database.name}: batchdrain's tables are of version {ledger.version}, and may not be altered: "
            f"{error.within(f'database {database.name}')}",
            remedy="the drain goes on with them as they are; `inv doctor` prints the statements for someone who may",
        ) from error


def _alter(connection: sa.Connection, ledger: Ledger) -> bool:
    if is_held(connection, ledger):
        return False
    # Before the lock: MariaDB makes no table while others are locked.
    with lock_table_creation(connection):
        for statement in _make_tables(connection, ledger):
            connection.exec_driver_sql(statement)
    with lock_tables(connection, [_quote(table, connection.dialect) for table in ledger.tables]):
        if is_held(connection, ledger):
            return False
        for statement in _change_tables(connection, ledger):
            connection.exec_driver_sql(statement)
        return True


def is_held(connection: sa.Connection, ledger: Ledger) -> bool:
    """Whether anybody holds a claim. Reads only."""
    held = sa.select(ledger.claim.c.owner).where(ledger.claim.c.owner.is_not(None)).limit(1)
    return connection.execute(held).first() is not None


def statements_of(connection: sa.Connection, ledger: Ledger) -> list[str]:
    """What makes the tables the newest version's: also after a migration that was broken off. Reads only."""
    return [*_make_tables(connection, ledger), *_change_tables(connection, ledger)]


def find_way_to_add(connection: sa.Connection, table: sa.Table, lacking: Sequence[str]) -> str | None:
    """The statements that give a table of ours the columns that it lacks; None where its rows would need values in them."""
    columns = [column for column in table.columns if column.name in lacking]
    if not all(column.nullable for column in columns):
        return None
    return "; ".join(_add_columns(table, columns, connection.dialect))


def _make_tables(connection: sa.Connection, ledger: Ledger) -> list[str]:
    dialect, statements = connection.dialect, []
    # Listed, and not asked for: MariaDB refuses a user without a right on a table to be told that it is not there.
    there = set(sa.inspect(connection).get_table_names(schema=ledger.meta.schema))
    for table in make_tables(ledger.meta.schema, SCHEMA_VERSION, dialect.name).values():
        if table.name not in there:
            statements.append(str(CreateTable(table).compile(dialect=dialect)).strip())
            statements += [str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes]
    return statements


def _change_tables(connection: sa.Connection, ledger: Ledger) -> list[str]:
    inspector, dialect = sa.inspect(connection), connection.dialect
    newest = make_tables(ledger.meta.schema, SCHEMA_VERSION, dialect.name)
    statements = []
    for table in (newest[own.name] for own in ledger.tables):
        there = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
        statements += _add_columns(table, [column for column in table.columns if column.name not in there], dialect)
    version = ("UPDATE", _quote(ledger.meta, dialect), f"SET value = '{SCHEMA_VERSION}' WHERE name = '{VERSION}'")
    return [*statements, " ".join(version)]


def _add_columns(table: sa.Table, columns: Sequence[sa.Column[object]], dialect: sa.Dialect) -> list[str]:
    name = _quote(table, dialect)
    return [f"ALTER TABLE {name} ADD COLUMN {CreateColumn(column).compile(dialect=dialect)}" for column in columns]


def _quote(table: sa.Table, dialect: sa.Dialect) -> str:
    return quote_name(table.schema, table.name, "`" if dialect.name == "mysql" else '"')
