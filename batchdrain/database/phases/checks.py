"""Whether the mapped table can be drained as it is configured. A line for each problem, with its place."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from batchdrain.database.connection import Database
from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.database.phases.some_rows import find_some_in
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.quiet_look import look_quietly
from batchdrain.model.errors import ConfigError, did_you_mean
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState

_REMEDY: Final = "map another column, or a view that casts it to text"


def require_usable(table: PhaseTable) -> None:
    """Raises ConfigError for ids and states whose type can't be compared exactly, and for words that the state's column can't
    even be compared with."""
    mapped = table.source.columns
    unfit = [
        f"batchdrain.source.columns.{key}: column {name!r} {problem}; {_REMEDY}"
        for key, name in (("run_id", mapped.run_id), ("phase_id", mapped.phase_id), ("state", mapped.state))
        if (problem := _problem_of(table.declared[name])) is not None
    ]
    unfit = unfit or [
        f"batchdrain.source.states.{state.value}: {problem}"
        for state, text in table.states.items()
        if (problem := _problem_of_word(table, text)) is not None
    ]
    if unfit:
        raise ConfigError.of(unfit)


def require_words_of_numbers(connection: sa.Connection, table: PhaseTable) -> None:
    """SQLite keeps a text in a column of numbers, so a word may stand there. Raises ConfigError where the words are texts and not
    one row bears any text: they are not mapped yet."""
    mapped = table.source.columns.state
    declared, column = table.declared[mapped], table.table.c[mapped]
    if "int" not in declared.base or any(text.isdecimal() for text in table.states.values()):
        return
    kinds = {kind for (kind,) in connection.execute(sa.select(sa.func.typeof(column)).distinct())}
    if kinds == {"integer"}:
        raise ConfigError.of(
            f"batchdrain.source.states.{state.value}: {text!r} is no value of the {declared.name} column {mapped!r}"
            for state, text in table.states.items()
        )


def _problem_of(declared: DeclaredType) -> str | None:
    if declared.family is Family.BYTES:
        return f"holds bytes, not text ({declared.name})"
    if declared.family is Family.UNFIT:
        return f"holds {declared.name}, of which a row is not found again by what was read of it"
    return None


def _problem_of_word(table: PhaseTable, text: str) -> str | None:
    column = table.source.columns.state
    declared = table.declared[column]
    if declared.words and text not in declared.words:
        return f"{text!r} is not a value of the enum column {column!r}{did_you_mean(text, declared.words)}"
    try:
        table.state.parameters("the_state", text)
    except ValueError:
        return f"{text!r} is no value of the {declared.name} column {column!r}"
    return None


def find_unfit_columns(database: Database, table: PhaseTable) -> list[str]:
    """Columns of the wrong kind, beside those of ids and states."""
    found = []
    declared = None if table.reason is None else table.declared[table.reason.name]
    if declared is not None and table.dialect != "sqlite" and (declared.family is not Family.TEXT or declared.words):
        found.append(
            f"batchdrain.source.columns.last_failure_reason: column {table.source.columns.last_failure_reason!r} holds "
            f"{declared.name}, not text; map a text column, or null for none"
        )
    try:
        with database.read() as connection:
            table.update_time(connection)
    except ConfigError as error:
        found.append(str(error))
    return found


def find_lost_row(database: Database, table: PhaseTable, state: PhaseState) -> str | None:
    """What is wrong where a row in the state is not found again by its ids. One row is tried."""
    with database.read() as connection:
        found = find_some_in(connection, table, state, 1)
        is_lost = any(table.read_row_state(connection, key) is None for key in found)
        return describe_lost(table, found[0]) if is_lost and find_some_in(connection, table, state, 1) == found else None


def describe_lost(table: PhaseTable, key: PhaseKey | None) -> str:
    """For people: a row that was read is not there for whoever asks for it by its ids."""
    return (
        f"{key}: the row of table {table.source.table!r} is not found again by its ids, though it was just read; map ids that "
        "keep their values, and let no policy hide the row from an update"
    )


def find_unwritable_view(database: Database, table: PhaseTable) -> list[str]:
    """A view that can't be updated: on SQLite none can, as a trigger's rows are not counted."""
    name, schema = table.table.name, table.schema
    with database.read() as connection:
        if name not in sa.inspect(connection).get_view_names(schema=schema):
            return []
        if database.dialect == "sqlite":
            updatable = False
        else:
            query = (
                "SELECT max(is_updatable) = 'YES' FROM information_schema.views "
                "WHERE table_name = :name AND table_schema = coalesce(:schema, %s)"
            )
            here = "current_schema()" if database.dialect == "postgresql" else "database()"
            updatable = bool(connection.execute(sa.text(query % here), {"name": name, "schema": schema}).scalar())
    if updatable:
        return []
    place = f"batchdrain.source.table: {table.source.table!r}"
    cure = "map the table behind it, or let the command set the state (command.result_from: database)"
    return [f"{place} is a view that can't be updated (an INSTEAD OF trigger does not say how many rows it changed); {cure}"]


def find_keys(connection: sa.Connection, schema: str | None, name: str) -> list[set[str]]:
    """The sets of columns by which a table says that its rows are unique; of a view none. An index of expressions, of which the
    library warns, says nothing of columns."""
    with look_quietly():
        inspector = sa.inspect(connection)
        keys = [set(inspector.get_pk_constraint(name, schema=schema).get("constrained_columns") or ())]
        if name in inspector.get_view_names(schema=schema):
            return keys
        uniques = [entry["column_names"] for entry in inspector.get_unique_constraints(name, schema=schema)]
        uniques += [
            [column for column in entry["column_names"] if column is not None]
            for entry in inspector.get_indexes(name, schema=schema)
            if entry["unique"]
        ]
    return [*keys, *(set(unique) for unique in uniques)]
