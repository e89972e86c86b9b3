"""Checks whether the storage behind a table keeps what was written, and drops what was rolled back. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.phases.names import quote_name
from batchdrain.database.trigger_reach import DEEPEST, VIEW, Name, bind_name, follow_triggers
from batchdrain.model.errors import ConfigError

_ROLLS_BACK: Final = frozenset({"postgres_fdw", "oracle_fdw", "mysql_fdw", "sqlite_fdw"})
"""Foreign data wrappers that end the transaction on their server together with ours."""
_PAIR: Final = re.compile(r"`((?:[^`]|``)+)`\.`((?:[^`]|``)+)`")

_READ: Final = re.compile(rf"(?:from|join)[\s(]*{_PAIR.pattern}", re.IGNORECASE)
"""Matches where a table is named, not a column."""
_ENGINES: Final = sa.text(
    "SELECT t.table_type, t.engine, e.transactions FROM information_schema.tables t "
    "LEFT JOIN information_schema.engines e ON e.engine = t.engine WHERE t.table_schema = :schema AND t.table_name = :name"
)
_BEHIND: Final = sa.text(
    """
    WITH RECURSIVE behind(oid) AS (
        SELECT CAST(to_regclass(:name) AS oid)
        UNION
        SELECT next.oid FROM behind CROSS JOIN LATERAL (
            SELECT d.refobjid AS oid FROM pg_rewrite r JOIN pg_depend d ON d.objid = r.oid
            WHERE r.ev_class = behind.oid AND d.classid = CAST('pg_rewrite' AS regclass)
            AND d.refclassid = CAST('pg_class' AS regclass)
            UNION SELECT i.inhrelid FROM pg_inherits i WHERE i.inhparent = behind.oid
        ) AS next
    )
    SELECT CAST(CAST(c.oid AS regclass) AS text), c.relpersistence, w.fdwname
    FROM behind JOIN pg_class c ON c.oid = behind.oid
    LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
    LEFT JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw ORDER BY 1
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """A problem with a table's storage, and its cure."""

    message: str
    cure: str
    is_refused: bool = False  #: whether nothing may be written, since a claim could be written only by half
    keeps_what_is_tried: bool = False  #: whether writes that are tried and rolled back would stay


def examine_storage(database: Database, tables: Sequence[sa.Table]) -> list[Remark]:
    """Examine each table that exists, and all behind it: the tables behind a view, partitions, tables that triggers write to.
    Raises DatabaseUnavailable."""
    if database.dialect == "sqlite":  # SQLite's virtual tables take part in transactions too
        return []
    look = _look_on_postgresql if database.dialect == "postgresql" else _look_on_mysql
    with database.read() as connection:
        return [remark for table in tables for remark in look(connection, table)]


def can_be_tried(database: Database, tables: Sequence[sa.Table]) -> bool:
    """Whether a write that is rolled back would leave nothing behind."""
    return not any(remark.keeps_what_is_tried for remark in examine_storage(database, tables))


def require_transactions(database: Database, tables: Sequence[sa.Table]) -> None:
    """Check the storage before the first write. Raises ConfigError with the cure, and DatabaseUnavailable."""
    refused = [remark for remark in examine_storage(database, tables) if remark.is_refused]
    if refused:
        raise ConfigError(
            "\n".join(f"database {database.name}: {remark.message}" for remark in refused),
            remedy=" ".join(f"{remark.cure};" for remark in refused).rstrip(";"),
        )


def _look_on_mysql(connection: sa.Connection, table: sa.Table) -> Iterator[Remark]:
    here = table.schema or connection.exec_driver_sql("SELECT DATABASE()").scalar() or ""
    found: dict[Name, bool] = {}
    for one, is_table in _tables_behind(connection, (here, table.name), DEEPEST):
        found[one] = found.get(one, False) or is_table
    for (schema, name), is_table in found.items():
        shown = _show(connection, here, (schema, name))
        engine, transactions = _engine_of(connection, (schema, name))
        if engine is not None and transactions != "YES":
            behind = "" if name == table.name else f", which is behind {table.name!r},"
            yield Remark(
                message=f"table {name!r}{behind} has the engine {engine}, which knows no transactions: nothing is rolled back there",
                cure=f"ALTER TABLE {shown} ENGINE=InnoDB",
                is_refused=True,
                keeps_what_is_tried=True,
            )
        yield from _look_at_triggers(connection, (schema, name))
        definition = connection.execute(VIEW, bind_name((schema, name))).scalar()
        if definition is None and engine is None and is_table:  # hidden from us, so it may have any engine
            yield Remark(
                message=f"what is behind the view {table.name!r} is hidden from this user, so what a drain writes is not tried "
                "beforehand",
                cure=f"GRANT SELECT, SHOW VIEW ON {shown}",
                keeps_what_is_tried=True,
            )
        if definition == "":
            yield Remark(
                message=f"what is behind the view {name!r} is hidden from this user, so what a drain writes is not tried "
                "beforehand",
                cure=f"GRANT SHOW VIEW ON {shown}",
                keeps_what_is_tried=True,
            )


def _engine_of(connection: sa.Connection, name: Name) -> tuple[str | None, str | None]:
    """The engine, and whether it knows transactions; None for both if it is a view or there is no such table."""
    found = connection.execute(_ENGINES, bind_name(name)).first()
    return (None, None) if found is None or found[0] != "BASE TABLE" else (found[1], found[2])


def _tables_behind(
    connection: sa.Connection, name: Name, depth: int, *, is_table: bool = False
) -> Iterator[tuple[Name, bool]]:
    """The table itself, or the tables that a view reads, through any views between.
    Each comes with whether it is known to be a table."""
    definition = connection.execute(VIEW, bind_name(name)).scalar()
    if not definition:  # a table, or a view whose definition is hidden from us
        yield name, is_table
    elif depth:
        # Views are stored with every name in full. A column's table looks like a schema's table; looking for it finds
        # nothing.
        tables = set(_READ.findall(definition))
        for pair in dict.fromkeys(_PAIR.findall(definition)):
            other = pair[0].replace("``", "`"), pair[1].replace("``", "`")
            if other != name:
                yield from _tables_behind(connection, other, depth - 1, is_table=pair in tables)


def _look_at_triggers(connection: sa.Connection, name: Name) -> Iterator[Remark]:
    for reach in follow_triggers(connection, name):
        for other, engine in reach.keeping:
            yield Remark(
                message=f"the trigger {reach.trigger!r} of table {name[1]!r} writes to {other[1]!r}, whose engine {engine} knows no "
                "transactions: it keeps also what is rolled back, so what a drain writes is not tried beforehand",
                cure=f"ALTER TABLE {_show(connection, name[0], other)} ENGINE=InnoDB",
                keeps_what_is_tried=True,
            )
        if reach.hidden and not reach.keeping:
            yield Remark(
                message=f"where the trigger {reach.trigger!r} of table {name[1]!r} writes is not known, as "
                f"{', '.join(reach.hidden)} can't be analysed: it may keep what is rolled back, so what a drain writes is not tried beforehand",
                cure="let this user see them (GRANT TRIGGER, SHOW VIEW, EXECUTE and SHOW CREATE ROUTINE, or SELECT ON mysql.proc)",
                keeps_what_is_tried=True,
            )


def _look_on_postgresql(connection: sa.Connection, table: sa.Table) -> Iterator[Remark]:
    place = quote_name(table.schema, table.name)
    for name, persistence, wrapper in connection.execute(_BEHIND, {"name": place}):
        if wrapper is not None and wrapper not in _ROLLS_BACK:
            yield Remark(
                message=f"{name} is a foreign table of {wrapper}: whether it is locked and rolled back with ours is not known, "
                "so what a drain writes is not tried beforehand",
                cure="map a table of this server",
                keeps_what_is_tried=True,
            )
        if persistence == "u":
            yield Remark(
                message=f"{name} is UNLOGGED: the server empties it after a crash", cure=f"ALTER TABLE {name} SET LOGGED"
            )


def _show(connection: sa.Connection, here: str, name: Name) -> str:
    quote = connection.dialect.identifier_preparer.quote
    shown = quote(name[1]) if name[0] == here else f"{quote(name[0])}.{quote(name[1])}"
    return shown.replace("%%", "%")
