"""Checks whether a table's name still means the same table, or another one with the same columns took it. Reads only.

PostgreSQL gives a table one number for life. SQLite and MariaDB do not: SQLite's VACUUM moves a table, and a rebuild on
MariaDB gives it a new number. So there a table counts as replaced only if nothing else explains the change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from batchdrain.database.driver_errors import code_of
from batchdrain.database.phases.names import quote_name

_HIDDEN: Final = frozenset({("mysql", 1227), ("mysql", 1109), ("mysql", 1142), ("mysql", 1044)})
"""Error codes of a server whose InnoDB catalogue we may not read, or that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What identifies a table in the database's catalogue, whatever its name is."""

    number: int
    page: int = 0  #: its first page in a SQLite file


def read_identity(connection: sa.Connection, table: sa.Table) -> Identity | None:
    """Read what identifies a table now. None if that is not known: it is a view, or the catalogue is hidden from us."""
    dialect, given = connection.dialect.name, {"name": str(table.name), "schema": table.schema}
    if dialect == "postgresql":
        query = sa.text("SELECT CAST(to_regclass(:place) AS oid)")
        found = connection.execute(query, {"place": quote_name(table.schema, str(table.name))}).first()
        return None if found is None or found[0] is None else Identity(number=int(found[0]))
    if dialect == "sqlite":
        master = _master(table)
        is_it = sa.func.lower(master.c.name) == sa.func.lower(str(table.name))
        row = connection.execute(sa.select(master.c.rowid, master.c.rootpage).where(is_it, _is_stored(master))).first()
        return None if row is None else Identity(number=row[0], page=row[1])
    number = _ask_innodb(
        connection, "SELECT table_id FROM %s WHERE name = concat(coalesce(:schema, database()), '/', :name)", given
    )
    return None if number is None else Identity(number=number)


def is_replaced(connection: sa.Connection, table: sa.Table, before: Identity | None, now: Identity | None) -> bool:
    """Whether another table certainly has the name now. `before`, `now`: the results of `read_identity`."""
    if before is None or now is None or before == now:
        return False
    dialect = connection.dialect.name
    if dialect == "postgresql":
        return True
    if dialect == "sqlite":
        if now.number > before.number:  # it was made later: VACUUM only closes gaps
            return True
        master = _master(table)
        is_former = sa.and_(master.c.rowid == before.number, master.c.rootpage == before.page)
        is_other = sa.func.lower(master.c.name) != sa.func.lower(str(table.name))
        return connection.execute(sa.select(master.c.name).where(is_former, is_other, _is_stored(master))).first() is not None
    # A rebuild gives the table another number. So the table is replaced only if the former number has another name now.
    return now.number != before.number and (
        _ask_innodb(connection, "SELECT table_id FROM %s WHERE table_id = :number", {"number": before.number}) is not None
    )


def _master(table: sa.Table) -> Any:
    return sa.table("sqlite_master", *map(sa.column, ("rowid", "rootpage", "type", "name")), schema=table.schema or "main")


def _is_stored(master: Any) -> sa.ColumnElement[bool]:
    return sa.and_(master.c.type == "table", master.c.rootpage > 0)


def _ask_innodb(connection: sa.Connection, query: str, given: dict[str, Any]) -> int | None:
    """A table's number from InnoDB's catalogue. None if it has none, or we may not read it."""
    catalogue = "innodb_sys_tables" if getattr(connection.dialect, "is_mariadb", False) else "innodb_tables"
    try:
        found = connection.execute(sa.text(query % f"information_schema.{catalogue}"), given).scalars().all()
    except DBAPIError as error:
        if code_of(error.orig) not in _HIDDEN:
            raise
        return None
    return int(found[0]) if len(found) == 1 else None
