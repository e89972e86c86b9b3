"""Adds to the tables of an earlier batchdrain what later versions have: tables, and columns that may be NULL. Nothing is
changed or removed.

This happens only while nobody holds a claim, since its holder may be of the earlier version, and under a lock that makes new
claims wait.
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
    """Migrate the tables. Returns whether they are of the newest version now; False while somebody holds a claim or works
    with the tables. Raises DatabaseUnavailable, and ConfigError if the migration is denied."""

    def work(connection: sa.Connection) -> bool:
        try:
            return _alter(connection, ledger)
        except sa.exc.DBAPIError as error:
            if (
                meaning_of(error) is Meaning.ACCESS
            ):  # locking tables needs its own privilege, whose lack MariaDB reports like a refused login
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
            remedy="the drain works with them as they are; `inv doctor` prints the statements for someone who may",
        ) from error


def _alter(connection: sa.Connection, ledger: Ledger) -> bool:
    if is_held(connection, ledger):
        return False
    # Before the lock: MariaDB can't make a table while others are locked.
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
    """The statements that bring the tables to the newest version, even after an interrupted migration. Reads only."""
    return [*_make_tables(connection, ledger), *_change_tables(connection, ledger)]


def find_way_to_add(connection: sa.Connection, table: sa.Table, lacking: Sequence[str]) -> str | None:
    """The statements that add missing columns to one of our tables; None if its rows would need values in them."""
    columns = [column for column in table.columns if column.name in lacking]
    if not all(column.nullable for column in columns):
        return None
    return "; ".join(_add_columns(table, columns, connection.dialect))


def _make_tables(connection: sa.Connection, ledger: Ledger) -> list[str]:
    dialect, statements = connection.dialect, []
    # The tables are listed, not looked up: MariaDB refuses to tell a user without rights on a table that it is missing.
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
