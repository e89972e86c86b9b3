"""Reads what is unique in a SQLite table from SQLite itself. SQLAlchemy reads a column's UNIQUE from the text of the table's
definition, and does not find it behind every type."""

from __future__ import annotations

import sqlalchemy as sa


def read_unique_constraints(connection: sa.Connection, schema: str | None, name: str) -> list[tuple[str, ...]]:
    """The columns of each UNIQUE constraint in the table's definition. Reads only."""
    place = (name,) if schema is None else (name, schema)
    listed = sa.func.pragma_index_list(*place).table_valued("name", "origin", "partial")
    found = []
    for index in connection.execute(sa.select(listed.c.name).where(listed.c.origin == "u", listed.c.partial == 0)).scalars():
        place = (index,) if schema is None else (index, schema)
        parts = sa.func.pragma_index_info(*place).table_valued("seqno", "name")
        found.append(tuple(connection.execute(sa.select(parts.c.name).order_by(parts.c.seqno)).scalars()))
    return found
