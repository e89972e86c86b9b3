"""Finds what may refuse a write although the table looks fine: triggers, constraints, row security. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.check_constraints import read_checks
from batchdrain.database.phases.declared_words import find_words
from batchdrain.database.phases.names import quote_name
from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.quiet_look import look_quietly
from batchdrain.model.state_words import to_value
from batchdrain.model.states import PhaseState

_WRITTEN: Final = (PhaseState.FAILED, PhaseState.EXECUTING, PhaseState.COMPLETE)
_BY_UPDATE: Final = sa.text(
    "SELECT t.tgname, ARRAY(SELECT a.attname FROM pg_attribute a WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr)) "
    "FROM pg_trigger t WHERE t.tgrelid = to_regclass(:place) AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') "
    "AND t.tgtype & 16 <> 0 ORDER BY t.tgname"
)
_HAS_ROW_SECURITY: Final = sa.text("SELECT row_security_active(CAST(to_regclass(:place) AS oid))")
_BY_UPDATE_OF_MARIADB: Final = sa.text(
    "SELECT trigger_name FROM information_schema.triggers WHERE event_manipulation = 'UPDATE' "
    "AND event_object_schema = coalesce(:schema, database()) AND event_object_table = :name ORDER BY trigger_name"
)
_UPDATE: Final = re.compile(r"\b(?:(INSERT|DELETE)|UPDATE(?:\s+OF\s+(.+?))?)\s+ON\b", re.IGNORECASE | re.DOTALL)


def find_write_risks(connection: sa.Connection, table: PhaseTable) -> list[str]:
    """The names of such risks, for people: `trigger 'checks'`. A constraint that only lists words, and allows all that are
    written, is no risk. Of a view nothing is known."""
    if table.writability.relation is not Relation.TABLE:
        return []
    written = frozenset(
        one.name for one in (table.state.column, table.reason, table.updated_at) if isinstance(one, sa.Column)
    )
    with look_quietly():
        return [*_find_triggers(connection, table, written), *_find_constraints(connection, table, written)]


def _find_triggers(connection: sa.Connection, table: PhaseTable, written: frozenset[str]) -> Iterator[str]:
    name = str(table.table.name)
    if table.dialect == "sqlite":
        schema = "main" if table.schema is None else table.schema
        made = sa.table("sqlite_master", *map(sa.column, ("name", "sql", "type", "tbl_name")), schema=schema)
        query = sa.select(made.c.name, made.c.sql).where(
            made.c.type == "trigger", sa.func.lower(made.c.tbl_name) == name.lower()
        )
        yield from (f"trigger {one!r}" for one, sql in connection.execute(query) if _fires(str(sql), one, written))
    elif table.dialect == "postgresql":
        place = {"place": quote_name(table.schema, name)}
        for trigger, columns in connection.execute(_BY_UPDATE, place):
            if not columns or not written.isdisjoint(columns):
                yield f"trigger {trigger!r}"
        if connection.execute(_HAS_ROW_SECURITY, place).scalar():
            yield "row security"
    else:
        found = connection.execute(_BY_UPDATE_OF_MARIADB, {"schema": table.schema, "name": name})
        yield from (f"trigger {trigger!r}" for (trigger,) in found)


def _fires(sql: str, name: str, written: frozenset[str]) -> bool:
    """Whether a trigger of SQLite fires when a written column changes."""
    event = _UPDATE.search(sql, sql.find(name) + len(name))
    if event is None:
        return True
    if event[1] is not None:
        return False
    columns = {one.strip(' \t\r\n"`[]').lower() for one in (event[2] or "").split(",") if one.strip()}
    return not columns or not columns.isdisjoint(one.lower() for one in written)


def _find_constraints(connection: sa.Connection, table: PhaseTable, written: frozenset[str]) -> Iterator[str]:
    words = {to_value(table.states[state].write) for state in _WRITTEN}
    for one in read_checks(connection, table.schema, str(table.table.name)):
        named = [name for name in sorted(written) if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", one.text, re.IGNORECASE)]
        if named and not (words <= {None, *find_words(str(table.source.columns.state), [one.text])}):
            yield f"constraint {one.name!r}" if one.name else f"constraint on {', '.join(map(repr, named))}"
