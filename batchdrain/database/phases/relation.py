"""What the name of the mapped table stands for: a table, or something through which rows of other tables are seen."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.names import quote_name

_KINDS: Final = {"v": "view", "m": "materialized view", "f": "foreign table"}


class Relation(StrEnum):
    """What the name of the source stands for.
    A row that is not found in a TABLE does not exist; in any other kind it may just be invisible."""

    TABLE = "table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    FOREIGN_TABLE = "foreign table"
    GUARDED_TABLE = "table with row security"


def read_relation(connection: sa.Connection, name: str, schema: str | None) -> Relation:
    """The kind of an existing table or view."""
    if connection.dialect.name == "postgresql":
        return _read_on_postgresql(connection, name, schema)
    if connection.dialect.name == "sqlite":
        return _read_on_sqlite(connection, name, schema)
    query = sa.text(
        "SELECT table_type FROM information_schema.tables "
        "WHERE table_name = :name AND table_schema = coalesce(:schema, database())"
    )
    kind = connection.execute(query, {"name": name, "schema": schema}).scalar()
    return Relation.TABLE if kind is None or "TABLE" in str(kind) or "VERSIONED" in str(kind) else Relation.VIEW


def _read_on_postgresql(connection: sa.Connection, name: str, schema: str | None) -> Relation:
    catalogue = sa.table("pg_class", sa.column("oid"), sa.column("relkind"), schema="pg_catalog")
    query = sa.select(catalogue.c.relkind, sa.func.row_security_active(catalogue.c.oid)).where(
        catalogue.c.oid == sa.func.to_regclass(quote_name(schema, name))
    )
    found = connection.execute(query).first()
    if found is None:
        return Relation.TABLE
    kind = found[0].decode() if isinstance(found[0], bytes) else found[0]
    if kind in _KINDS:
        return Relation(_KINDS[kind])
    return Relation.GUARDED_TABLE if found[1] else Relation.TABLE


def _read_on_sqlite(connection: sa.Connection, name: str, schema: str | None) -> Relation:
    for catalogue in ("sqlite_temp_master", "sqlite_master") if schema is None else ("sqlite_master",):
        known = sa.table(catalogue, sa.column("type"), sa.column("name"), schema=schema)
        is_it = sa.func.lower(known.c.name) == sa.func.lower(name)
        query = sa.select(known.c.type).where(is_it, known.c.type.in_(["table", "view"]))
        kind = connection.execute(query).scalar()
        if kind is not None:
            return Relation.VIEW if kind == "view" else Relation.TABLE
    return Relation.TABLE
