"""Which columns of a view can't be updated. Reads only."""

from __future__ import annotations

import re
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.relation import Relation, read_relation

_VIEWS: Final = sa.table(
    "views", sa.column("is_updatable"), sa.column("table_name"), sa.column("table_schema"), schema="information_schema"
)
_COLUMNS: Final = sa.table(
    "columns", *map(sa.column, ("column_name", "is_updatable", "table_name", "table_schema")), schema="information_schema"
)


def find_computed(connection: sa.Connection, view: sa.Table) -> frozenset[str]:
    """All of them where no row of the view can be updated: always on SQLite, where a trigger does not count its rows."""
    every = frozenset(str(column.name) for column in view.columns)
    if connection.dialect.name == "sqlite" or read_relation(connection, view.name, view.schema) is Relation.MATERIALIZED_VIEW:
        return every
    is_postgresql = connection.dialect.name == "postgresql"
    schema = view.schema or connection.execute(sa.select(_here(is_postgresql=is_postgresql))).scalar_one()
    query = sa.select(_VIEWS.c.is_updatable).where(_VIEWS.c.table_name == view.name, _VIEWS.c.table_schema == schema)
    if connection.execute(query).scalar() != "YES":
        return every
    if is_postgresql:
        fixed = sa.select(_COLUMNS.c.column_name).where(
            _COLUMNS.c.table_name == view.name, _COLUMNS.c.table_schema == schema, _COLUMNS.c.is_updatable == "NO"
        )
        return frozenset(connection.execute(fixed).scalars())
    definition = sa.inspect(connection).get_view_definition(view.name, schema=view.schema) or ""
    return frozenset(name for name in every if not _is_plain(name, definition))


def _here(*, is_postgresql: bool) -> sa.ColumnElement[str]:
    return sa.func.current_schema() if is_postgresql else sa.func.database()


def _is_plain(name: str, definition: str) -> bool:
    """MariaDB says it of no column, but keeps the definition in one form: `t`.`a` AS `b`."""
    column = r"(?:`(?:[^`]|``)+`\.)*`(?:[^`]|``)+`"
    return re.search(rf"(?:\bselect |,\s*){column} AS `{re.escape(name.replace('`', '``'))}`", definition) is not None
