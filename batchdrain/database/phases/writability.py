"""Tells what of the mapped table can be written: no view whose row counts can't be trusted, and no computed column."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from batchdrain.config.column_settings import Columns
from batchdrain.database.driver_errors import code_of
from batchdrain.database.phases.names import quote_name
from batchdrain.database.phases.relation import Relation, read_relation
from batchdrain.database.phases.whole_view import shows_every_row

_VIEWS: Final = frozenset({Relation.VIEW, Relation.MATERIALIZED_VIEW})
_STORED: Final = frozenset({Relation.TABLE, Relation.GUARDED_TABLE})
_NOT_WRITTEN: Final = frozenset({"0A000", "55000", "428C9", 1348, 1288, 1906})
"""The servers' error codes for a column of a view that no UPDATE can set."""
_NO_VIEW: Final = "is a view that can't be updated (an INSTEAD OF trigger does not say how many rows it changed)"
_IS_UPDATABLE: Final = (
    "SELECT max(is_updatable) = 'YES' FROM information_schema.views "
    "WHERE table_name = :name AND table_schema = coalesce(:schema, %s)"
)
_IN_ITS_STEAD: Final = sa.text(
    """
    WITH RECURSIVE behind(oid) AS (
        SELECT CAST(to_regclass(:place) AS oid)
        UNION
        SELECT d.refobjid FROM behind JOIN pg_rewrite r ON r.ev_class = behind.oid JOIN pg_depend d ON d.objid = r.oid
        WHERE d.classid = CAST('pg_rewrite' AS regclass) AND d.refclassid = CAST('pg_class' AS regclass)
    )
    SELECT CASE WHEN EXISTS (
        SELECT FROM pg_trigger t WHERE t.tgrelid = behind.oid AND t.tgtype & 64 <> 0 AND t.tgtype & 16 <> 0
    ) THEN 'an INSTEAD OF trigger' ELSE 'a rule' END
    FROM behind JOIN pg_class c ON c.oid = behind.oid AND c.relkind = 'v' WHERE EXISTS (
        SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgtype & 64 <> 0 AND t.tgtype & 16 <> 0
    ) OR EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid AND r.ev_type = '2') LIMIT 1
    """
)
"""Selects what is done instead of an UPDATE of a view or of the views behind it.
If there is anything, row counts can't be trusted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwritten:
    """What no UPDATE can set."""

    problem: str = ""  #: why no row of the table can be written; '' if rows can
    columns: frozenset[str] = frozenset()  #: of the requested columns; all of them if no row can be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Writability:
    """What can be written, read once when the table is opened."""

    relation: Relation
    shows_every_row: bool = False  #: whether a row that is not shown any more is gone, and not just hidden
    problem: str = ""  #: why no row can be written; '' if rows can
    computed: frozenset[str] = frozenset()  #: columns that can only be read
    stores_all: bool = False
    """Whether all mapped columns are stored as they are read. A computed column, as any of a view may be, can fail for what
    somebody has just written."""


def read_writability(connection: sa.Connection, table: sa.Table, mapped: Columns) -> Writability:
    """Find out what can be written. Reads only. A missing column is reported elsewhere."""
    relation, state = read_relation(connection, str(table.name), table.schema), mapped.state
    is_whole = shows_every_row(connection, relation, str(table.name), table.schema)
    names = {name for _, name in mapped.pairs()}
    stores_all = relation in _STORED and all(column.computed is None for column in table.c if column.name in names)
    reason = None if mapped.reason is None else mapped.reason.written
    others = [name for name in (reason, mapped.updated_at) if name is not None and name in table.c]
    if state not in table.c:
        return Writability(relation=relation, shows_every_row=is_whole, stores_all=stores_all)
    found = find_unwritten(connection, table, relation, (state, *others))
    problem = found.problem or (_computed(state, relation) if state in found.columns else "")
    return Writability(
        relation=relation, shows_every_row=is_whole, problem=problem, computed=found.columns, stores_all=stores_all
    )


def find_unwritten(connection: sa.Connection, table: sa.Table, relation: Relation, names: Collection[str]) -> Unwritten:
    """Which of the columns `names` no UPDATE can set. Reads only."""
    computed = frozenset(name for name in names if table.c[name].computed is not None)
    if relation not in _VIEWS:
        return Unwritten(columns=computed)
    problem = _problem_of_view(connection, table, relation)
    if problem:
        return Unwritten(problem=problem, columns=frozenset(names))
    refused = frozenset(name for name in names if not _is_written(connection, table.c[name]))
    return Unwritten(columns=computed | refused)


def _computed(state: str, relation: Relation) -> str:
    return f"can't be written: state is computed in this {relation} (column {state!r})"


def _problem_of_view(connection: sa.Connection, table: sa.Table, relation: Relation) -> str:
    if relation is Relation.MATERIALIZED_VIEW:
        return "is a materialized view, which shows the data of its last REFRESH, and not what a command did since"
    if connection.dialect.name == "sqlite":
        return _NO_VIEW
    here = "current_schema()" if connection.dialect.name == "postgresql" else "database()"
    given = {"name": str(table.name), "schema": table.schema}
    if not connection.execute(sa.text(_IS_UPDATABLE % here), given).scalar():
        return _NO_VIEW
    if connection.dialect.name == "postgresql":
        instead = connection.execute(_IN_ITS_STEAD, {"place": quote_name(table.schema, str(table.name))}).scalar()
        if instead is not None:
            return f"is a view whose rows are written by {instead}, which does not say how many rows it changed"
    return ""


def _is_written(connection: sa.Connection, column: sa.Column[Any]) -> bool:
    """Whether an UPDATE of a view may set a column. The UPDATE is planned, but not run."""
    change = column.table.update().where(sa.false()).values({column: sa.null()})
    planned = str(change.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    part = connection.begin_nested()
    try:
        connection.exec_driver_sql(f"EXPLAIN {planned}")
    except DBAPIError as error:
        part.rollback()
        found = code_of(error.orig)
        return found is None or found[1] not in _NOT_WRITTEN
    part.rollback()
    return True
