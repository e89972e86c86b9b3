"""Tables of an earlier batchdrain get what later versions added: columns that may be NULL. Nothing is changed or taken away.

Only while nobody holds a claim, as its holder may be of the earlier version, and under a lock that keeps new claims waiting.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from batchdrain.database.connection import Database
from batchdrain.database.dialects import lock_tables
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
    with lock_tables(connection, [_quote(table, connection.dialect) for table in ledger.tables]):
        if connection.execute(sa.select(ledger.claim.c.owner).where(ledger.claim.c.owner.is_not(None)).limit(1)).first():
            return False
        for statement in statements_of(connection, ledger):
            connection.exec_driver_sql(statement)
        return True


def statements_of(connection: sa.Connection, ledger: Ledger) -> list[str]:
    """What makes the tables the newest version's: also after a migration that was broken off. Reads only."""
    inspector, dialect = sa.inspect(connection), connection.dialect
    statements = []
    for table in make_tables(ledger.meta.schema, SCHEMA_VERSION):
        there = {column["name"] for column in inspector.get_columns(table.name, schema=table.schema)}
        statements += _add_columns(table, [column for column in table.columns if column.name not in there], dialect)
    version = ("UPDATE", _quote(ledger.meta, dialect), f"SET value = '{SCHEMA_VERSION}' WHERE name = '{VERSION}'")
    return [*statements, " ".join(version)]


def _add_columns(table: sa.Table, columns: Sequence[sa.Column[object]], dialect: sa.Dialect) -> list[str]:
    name = _quote(table, dialect)
    return [f"ALTER TABLE {name} ADD COLUMN {CreateColumn(column).compile(dialect=dialect)}" for column in columns]


def _quote(table: sa.Table, dialect: sa.Dialect) -> str:
    return quote_name(table.schema, table.name, "`" if dialect.name == "mysql" else '"')
