"""Tells of which other tables of PostgreSQL a table shows the rows, and of which it is a part. Reads only."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.names import quote_name

_HAS_HEIRS: Final = sa.text(
    "SELECT EXISTS (SELECT FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent "
    "WHERE p.oid = to_regclass(:place) AND p.relkind <> 'p')"
)
_WHOLE: Final = sa.text(
    "SELECT CAST(CAST(i.inhparent AS regclass) AS text) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid "
    "WHERE c.oid = to_regclass(:place) AND c.relispartition"
)


def has_heirs(connection: sa.Connection, schema: str | None, name: str) -> bool:
    """Whether other tables inherit from a table that is not partitioned: it shows their rows, which none of its keys reaches."""
    if connection.dialect.name != "postgresql":
        return False
    return bool(connection.execute(_HAS_HEIRS, {"place": quote_name(schema, name)}).scalar())


def find_whole(connection: sa.Connection, schema: str | None, name: str) -> str | None:
    """The table of which this one is a partition; None if it is none."""
    if connection.dialect.name != "postgresql":
        return None
    found: str | None = connection.execute(_WHOLE, {"place": quote_name(schema, name)}).scalar()
    return found
