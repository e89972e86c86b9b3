"""Chooses the tables of a database that `inv init` looks at. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import sqlalchemy as sa

from batchdrain.cli.commands.init.byte_ids import suggest_texts
from batchdrain.cli.commands.init.candidates import choose, describe_lack, find_candidates, make_statement
from batchdrain.cli.commands.init.facts import TableFacts
from batchdrain.cli.commands.init.known_schemas import complete_view, find_known
from batchdrain.cli.commands.init.mapping import Mapped, is_log
from batchdrain.cli.commands.init.read_facts import read_tables
from batchdrain.cli.commands.init.view_over import NAME, suggest_last_rows
from batchdrain.database.connection import Database
from batchdrain.database.phases.names import OWN, split_name
from batchdrain.model.errors import ConfigError, UsageError, did_you_mean

_SYSTEM: Final = frozenset({"information_schema", "mysql", "performance_schema", "sys"})


class NoTable(ConfigError):
    """No table of the database looks like one of phases."""

    def __init__(self, message: str, statement: str) -> None:
        """`statement`: an SQL statement that gives one of the tables a state; '' if there is none."""
        cure = "execute the printed statement, and run `inv init` again" if statement else "name it with --table"
        super().__init__(message, remedy=cure)
        self.statement = statement


def look_for(database: Database, table: str | None) -> list[Mapped]:
    """The named table, or the likeliest ones: of the default schema, else of the first other schema that has any. Raises
    ConfigError if no table fits."""
    if table:
        facts = read_table(database, table)
        return [_with_way(choose(facts), facts, database)]
    default = read_tables(database, None)
    found, seen = find_candidates(default), default
    for schema in [] if found else _other_schemas(database):
        tables = read_tables(database, schema)
        seen, found = [*seen, *tables], find_candidates(tables)
        if found:
            break
    if not found or _is_behind_known(found[0], seen):
        lack, statement = describe_lack(seen, database.dialect)
        other = f"; if {found[0].table!r} is meant: `inv init --table={found[0].table}`" if found else ""
        raise NoTable(f"no table of {database.name} looks like one of phases: {lack}{other}", statement)
    likeliest = next(table for table in seen if table.full_name == found[0].table)
    if is_log(likeliest) and (
        statement := suggest_last_rows(
            likeliest, found[0].columns, database.dialect, _names_beside(database, likeliest.schema)
        )
    ):
        raise NoTable(
            f"no table of {database.name} looks like one of phases: {likeliest.full_name!r} is the closest match, and has the name of "
            "a log: a drain would overwrite history; a view of the last row of each can be drained",
            statement,
        )
    if likeliest.is_view and likeliest.name.startswith(NAME):
        return [complete_view(found[0], likeliest, _read_definition(database, likeliest), seen), *found[1:]]
    return found


def _read_definition(database: Database, view: TableFacts) -> str:
    with database.read() as connection:
        return sa.inspect(connection).get_view_definition(view.name, schema=view.schema) or ""


def _is_behind_known(mapped: Mapped, tables: Sequence[TableFacts]) -> bool:
    """Whether the database has a queue that is known and needs a view, and the table is only a guess."""
    known = [one for table in tables if (one := find_known(table.by_name)) is not None]
    return any(one.no_state for one in known) and not mapped.is_known and not split_name(mapped.table)[1].startswith(NAME)


def _with_way(mapped: Mapped, facts: TableFacts, database: Database) -> Mapped:
    """For a table without a state, or a log, add to its doubts how it can be drained."""
    dialect, taken = (
        database.dialect,
        _names_beside(database, facts.schema) if mapped.missing or is_log(facts) else (),
    )
    if "state" in mapped.missing:
        statement, told = make_statement(facts, dialect, taken), "it has no column of a state; this gives it one"
    elif "phase_id" in mapped.missing:
        statement, told = suggest_texts(facts, dialect, taken), "bytes can't name a phase; this view makes texts of them"
    elif is_log(facts):
        statement, told = suggest_last_rows(facts, mapped.columns, dialect, taken), "this view has each one's last row"
    else:
        return mapped
    way = f"{told}, then run `inv init` again: {' '.join(statement.split())}"
    return replace(mapped, doubts=(*mapped.doubts, way)) if statement else mapped


def _names_beside(database: Database, schema: str | None) -> list[str]:
    """The names of all tables and views of a schema."""
    with database.read() as connection:
        inspector = sa.inspect(connection)
        return [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]


def read_table(database: Database, table: str) -> TableFacts:
    """The facts of a named table. Raises UsageError and ConfigError."""
    schema, name = split_name(table)
    facts = read_tables(database, schema, name)
    if not facts:
        known = [one for one in _names_beside(database, schema) if not one.startswith(OWN)]
        raise UsageError(f"--table: {table!r} is not in {database.name}{did_you_mean(name, known)}")
    if facts[0].problem:
        raise ConfigError(f"--table: {table!r}: {facts[0].problem}", remedy="let your database user read it")
    return facts[0]


def _other_schemas(database: Database) -> list[str]:
    with database.read() as connection:
        if connection.dialect.name != "postgresql":
            return []
        inspector = sa.inspect(connection)
        known = {inspector.default_schema_name, *_SYSTEM}
        return [one for one in inspector.get_schema_names() if one not in known and not one.startswith("pg_")]
