"""The name under which the ledger's rows know a table of phases.

MariaDB and MySQL may have two tables whose names differ in case alone, which the ledger's keys take for equal. Each of them has a
name with a digest. What was recorded before under the bare name stays there until nobody holds a claim; see `apart`.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import sqlalchemy as sa

from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import ConfigError
from batchdrain.runtime.text import slug_of

_TWINS = sa.text(
    "SELECT count(*) FROM information_schema.tables WHERE table_schema = coalesce(:schema, database()) "
    "AND CAST(lower(table_name) AS BINARY) = CAST(lower(:name) AS BINARY)"
)


def bare_name_of(table: PhaseTable) -> str:
    """The table's name; if that is too long for a key or has other characters, a shortened name with a digest."""
    name = str(table.table.name)
    if table.dialect == "sqlite":
        name = name.lower()  # SQLite takes 'Phases' and 'phases' for equal
    return name if re.fullmatch(r"[A-Za-z0-9_]{1,64}", name) else _with_digest(name)


def apart_name_of(table: PhaseTable) -> str:
    """A name that no table shares whose name differs in case alone."""
    return _with_digest(str(table.table.name))


def find_source(connection: sa.Connection, table: PhaseTable, claim: sa.Table) -> str:
    """The name of the table in the rows that exist, or will. `claim`: the ledger's table of claims, which may not exist."""
    bare, apart = bare_name_of(table), apart_name_of(table)
    if table.dialect != "mysql":
        return bare
    knows = sa.inspect(connection).has_table(claim.name, schema=claim.schema)
    if knows and _is_known(connection, claim, apart):
        return apart
    return bare if not has_twin(connection, table) or (knows and _is_known(connection, claim, bare)) else apart


def has_twin(connection: sa.Connection, table: PhaseTable) -> bool:
    """Whether the schema has another table or view whose name differs in case alone. Only on MariaDB and MySQL."""
    found = connection.execute(_TWINS, {"schema": table.schema, "name": str(table.table.name)}).scalar_one()
    return int(found) > 1


def require_present_name(table: PhaseTable, source: str) -> None:
    """Raises ConfigError if `source` is the bare name: the drain began before the table had a name apart from its twin's."""
    if source == bare_name_of(table):
        raise ConfigError(
            f"table {table.source.table!r} has another name in batchdrain's tables since this drain began, as the name of another "
            "table differs from it only in case",
            remedy="`inv resume` continues under that name",
        )


def is_elsewhere(
    claim: sa.FromClause, table: PhaseTable, source: str, key: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool] | None:
    """Whether the phase must not be claimed under the name `source`, since others know the table by its other name: they parted
    it from a twin after our drain began, or began before the twin was there and hold the phase. None if there is no other name.
    `key`: compares `claim.c.key` with the phase's."""
    bare, apart = bare_name_of(table), apart_name_of(table)
    if table.dialect != "mysql" or bare == apart or source not in {bare, apart}:
        return None
    if source == bare:
        return sa.exists().where(is_named(claim.c.source, apart, table.dialect))
    return sa.exists().where(is_named(claim.c.source, bare, table.dialect), key, claim.c.owner.is_not(None))


def is_named(column: sa.ColumnElement[Any], name: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether a column `source` of the ledger holds exactly this name."""
    if dialect != "mysql":
        return column == name
    return sa.and_(column == name, sa.cast(column, sa.BINARY) == sa.cast(sa.literal(name, sa.Text()), sa.BINARY))


def _is_known(connection: sa.Connection, claim: sa.Table, name: str) -> bool:
    query = sa.select(claim.c.epoch).where(is_named(claim.c.source, name, connection.dialect.name)).limit(1)
    return connection.execute(query).first() is not None


def _with_digest(name: str) -> str:
    return f"{slug_of(name)}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
