"""Whether a name still means the table that it meant, where another one of the same columns may have taken it. Reads only.

PostgreSQL gives a table a number for life. SQLite and MariaDB do not: VACUUM moves the one, a rebuild numbers the other anew. So
there only what nothing else explains is taken for another table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from batchdrain.database.driver_errors import code_of
from batchdrain.database.phases.names import quote_name

_HIDDEN: Final = frozenset({("mysql", 1227), ("mysql", 1109), ("mysql", 1142), ("mysql", 1044)})
"""Codes of a server whose catalogue of InnoDB we may not read, or that has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a database's catalogue calls a table, whatever its name is."""

    number: int
    page: int = 0  #: where it begins in a file of SQLite


def read_identity(connection: sa.Connection, table: sa.Table) -> Identity | None:
    """None where it is not known: of a view, or where the catalogue is hidden from us."""
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
    """Whether it is certain that another table has the name now. `before`, `now`: as `read_identity` gave them."""
    if before is None or now is None or before == now:
        return False
    dialect = connection.dialect.name
    if dialect == "postgresql":
        return True
    if dialect == "sqlite":
        if now.number > before.number:  # a later one: VACUUM closes gaps alone
            return True
        master = _master(table)
        is_former = sa.and_(master.c.rowid == before.number, master.c.rootpage == before.page)
        is_other = sa.func.lower(master.c.name) != sa.func.lower(str(table.name))
        return connection.execute(sa.select(master.c.name).where(is_former, is_other, _is_stored(master))).first() is not None
    # A rebuild gives the table another number. So it counts only where the former one is there under another name.
    return now.number != before.number and (
        _ask_innodb(connection, "SELECT table_id FROM %s WHERE table_id = :number", {"number": before.number}) is not None
    )


def _master(table: sa.Table) -> Any:
    return sa.table("sqlite_master", *map(sa.column, ("rowid", "rootpage", "type", "name")), schema=table.schema or "main")


def _is_stored(master: Any) -> sa.ColumnElement[bool]:
    return sa.and_(master.c.type == "table", master.c.rootpage > 0)


def _ask_innodb(connection: sa.Connection, query: str, given: dict[str, Any]) -> int | None:
    """A number of a table. None where there is none, or it is not for us to know."""
    catalogue = "innodb_sys_tables" if getattr(connection.dialect, "is_mariadb", False) else "innodb_tables"
    try:
        found = connection.execute(sa.text(query % f"information_schema.{catalogue}"), given).scalars().all()
    except DBAPIError as error:
        if code_of(error.orig) not in _HIDDEN:
            raise
        return None
    return int(found[0]) if len(found) == 1 else None
