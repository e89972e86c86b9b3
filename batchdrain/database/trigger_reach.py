"""Finds what the triggers of a MariaDB or MySQL table reach:
through routines, views, and triggers of the tables they write to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.sql_body import Parts, read_sql_body

DEEPEST: Final = 10
"""How many steps are followed, from view to view or from trigger to trigger."""
Name = tuple[str, str]  #: the schema, and the table or routine

_TRIGGERS: Final = sa.text(
    "SELECT trigger_name, action_statement, sql_mode, event_manipulation FROM information_schema.triggers "
    "WHERE event_object_schema = :schema AND event_object_table = :name ORDER BY trigger_name"
)
_TABLES: Final = sa.text(
    "SELECT t.table_name, t.table_type, t.engine, e.transactions FROM information_schema.tables t "
    "LEFT JOIN information_schema.engines e ON e.engine = t.engine WHERE t.table_schema = :schema"
)
VIEW: Final = sa.text(
    "SELECT view_definition FROM information_schema.views WHERE table_schema = :schema AND table_name = :name"
)
"""Selects the SELECT of a view; empty if it is hidden from this user."""
_ROUTINES: Final = sa.text(
    "SELECT routine_definition, sql_mode, routine_body FROM information_schema.routines "
    "WHERE routine_schema = :schema AND routine_name = :name AND routine_type IN ('PROCEDURE', 'FUNCTION')"
)
_SCHEMAS: Final = sa.text("SELECT schema_name FROM information_schema.schemata")
_MAY_SEE_TRIGGERS: Final = sa.text(
    "SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'TRIGGER' UNION ALL "
    "SELECT 1 FROM information_schema.schema_privileges WHERE privilege_type = 'TRIGGER' AND :schema LIKE table_schema UNION ALL "
    "SELECT 1 FROM information_schema.table_privileges "
    "WHERE privilege_type = 'TRIGGER' AND table_schema = :schema AND table_name = :name"
)
_LISTS: Final = sa.text(
    "SELECT UPPER(table_name) FROM information_schema.tables WHERE table_schema = 'information_schema' "
    "AND table_name IN ('SQL_FUNCTIONS', 'KEYWORDS')"
)
_WORDS: Final = {
    "SQL_FUNCTIONS": "SELECT `function` FROM information_schema.sql_functions",
    "KEYWORDS": "SELECT word FROM information_schema.keywords",
}
_USUAL: Final = (
    "ABS ADDDATE CAST CEIL COALESCE CONCAT CONCAT_WS COUNT CURDATE CURTIME CURRENT_DATE CURRENT_TIMESTAMP CURRENT_USER DATE "
    "DATEDIFF DATE_ADD DATE_FORMAT DATE_SUB DAY FLOOR FROM_UNIXTIME GREATEST GROUP_CONCAT HEX HOUR IFNULL ISNULL JSON_ARRAY "
    "JSON_EXTRACT JSON_OBJECT JSON_UNQUOTE LAST_INSERT_ID LCASE LEAST LENGTH LOCATE LOWER MAX MD5 MIN MINUTE MONTH NOW NULLIF "
    "ROUND ROW ROW_COUNT SECOND SHA1 SHA2 SUBSTR SUBSTRING SUM SYSDATE TEXT TIME TIMESTAMP TIMESTAMPDIFF TRIM UCASE UNHEX "
    "UNIX_TIMESTAMP UPPER USER UUID VALUE YEAR DATETIME TIME_TO_SEC CHAR_LENGTH AVG BIT ENUM NVARCHAR POW RAND SIGN"
)
"""The usual functions, for a server that lists its own nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerReach:
    """The tables that one trigger may write to, and what on its way can't be followed."""

    trigger: str
    keeping: tuple[tuple[Name, str], ...]  #: tables that keep what is rolled back, with their engines
    hidden: tuple[str, ...]  #: what can't be looked into, named for people


def follow_triggers(connection: sa.Connection, table: Name) -> Iterator[TriggerReach]:
    """Follow each trigger that fires when a row of `table` is updated. Reads only."""
    fired = [row for row in connection.execute(_TRIGGERS, bind_name(table)).all() if row[3] == "UPDATE"]
    if not fired:
        return
    known = _names_of_the_server(connection)
    for trigger, statement, mode, _ in fired:
        walk = _Walk(connection=connection, known=known, seen={table})
        walk.read(table[0], statement, mode, shown=f"the trigger {trigger!r}", depth=DEEPEST)
        yield TriggerReach(trigger=trigger, keeping=tuple(sorted(walk.keeping.items())), hidden=tuple(walk.hidden))


@dataclass(slots=True, kw_only=True)
class _Walk:
    """Follows names from one body to the next; each table and routine once."""

    connection: sa.Connection
    known: frozenset[str]
    seen: set[Name]
    called: set[Name] = field(default_factory=set)
    keeping: dict[Name, str] = field(default_factory=dict)
    hidden: dict[str, None] = field(default_factory=dict)
    _tables: dict[str, dict[str, list[Any]]] = field(default_factory=dict)

    def read(self, schema: str, text: str | None, mode: str, *, shown: str, depth: int) -> None:
        """Follow the names of one body. `schema`: where names without a schema are looked for."""
        body = read_sql_body(text, mode, self.known) if text and depth else None
        if body is None or body.is_unclear:
            self.hidden[shown] = None
        if body is None:
            return
        for parts in sorted(body.called):
            self._call(schema, parts, depth - 1)
        for parts in sorted(body.named):
            found = [one for name in _tables_named(schema, parts) for one in self._find(name)]
            if not found and parts in body.written:
                self.hidden[f"the table {'.'.join(parts)!r}"] = None
            for name, row in found:
                self._reach(name, row, depth - 1)

    def _find(self, name: Name) -> Iterator[tuple[Name, Any]]:
        schema, wanted = name
        if not self._tables:
            self._tables = {one: {} for (one,) in self.connection.execute(_SCHEMAS)}
        for one in [one for one in self._tables if one.casefold() == schema.casefold()]:
            tables = self._tables[one]
            if not tables:
                for row in self.connection.execute(_TABLES, {"schema": one}).all():
                    tables.setdefault(row[0].casefold(), []).append(row)
            for row in tables.get(wanted.casefold(), ()):
                yield (one, row[0]), row

    def _reach(self, name: Name, row: Any, depth: int) -> None:
        if name in self.seen:
            return
        self.seen.add(name)
        _, kind, engine, transactions = row
        if kind == "VIEW":
            definition = self.connection.execute(VIEW, bind_name(name)).scalar()
            self.read(name[0], definition, "", shown=f"the view {name[1]!r}", depth=depth)
            return
        if transactions != "YES":
            self.keeping[name] = engine or "unknown"
        if self.connection.execute(_MAY_SEE_TRIGGERS, bind_name(name)).first() is None:
            self.hidden[f"the triggers of {name[1]!r}"] = None
        for trigger, statement, mode, _ in self.connection.execute(_TRIGGERS, bind_name(name)).all():
            self.read(name[0], statement, mode, shown=f"the trigger {trigger!r}", depth=depth)

    def _call(self, schema: str, parts: Parts, depth: int) -> None:
        name = (schema, parts[0]) if len(parts) == 1 else (parts[-2], parts[-1])
        if name in self.called:
            return
        self.called.add(name)
        shown = f"the routine {'.'.join(parts)!r}"
        routines = self.connection.execute(_ROUTINES, bind_name(name)).all()
        if not routines:
            self.hidden[shown] = None
        for definition, mode, language in routines:
            self.read(name[0], definition if language == "SQL" else None, mode, shown=shown, depth=depth)


def _tables_named(schema: str, parts: Parts) -> set[Name]:
    """What a name may stand for: a table, a table of another schema, or a column of either."""
    return {(schema, parts[0]), *pairwise(parts)}


def _names_of_the_server(connection: sa.Connection) -> frozenset[str]:
    from sqlalchemy.dialects.mysql.reserved_words import (  # heavy: brings the dialect
        RESERVED_WORDS_MARIADB,
        RESERVED_WORDS_MYSQL,
    )

    names = {name.upper() for name in RESERVED_WORDS_MARIADB | RESERVED_WORDS_MYSQL} | set(_USUAL.split())
    for (table,) in connection.execute(_LISTS).all():
        found = connection.exec_driver_sql(_WORDS[table])
        names |= {name.upper() for (name,) in found if name}
    return frozenset(names)


def bind_name(name: Name) -> dict[str, str]:
    """The parameters `schema` and `name` of this room's statements."""
    return {"schema": name[0], "name": name[1]}
