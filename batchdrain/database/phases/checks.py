"""Checks whether the mapped table can be drained as it is configured. Each problem is one line with its setting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedIndex

from batchdrain.config.reason_setting import ReasonAt
from batchdrain.database.connection import Database
from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.database.phases.inheritance import has_heirs
from batchdrain.database.phases.reason_column import is_fit
from batchdrain.database.phases.some_rows import find_some_in
from batchdrain.database.phases.sqlite_keys import read_unique_constraints
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.phases.word_checks import find_unfit_words, no_value_of
from batchdrain.database.quiet_look import look_quietly
from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import PhaseKey
from batchdrain.model.state_words import to_value
from batchdrain.model.states import PhaseState

_EXACT: Final = frozenset({"run_id", "phase_id", "state"})
_REMEDY: Final = "map another column, or a view that casts it to text"


def require_usable(table: PhaseTable, *, writes: bool = True) -> None:
    """Raises ConfigError for ids and states whose type can't be compared exactly, and for words that can't even be compared
    with the state's column. `writes`: whether the drain writes the states, and not its command."""
    mapped = table.source.columns
    unfit = [
        f"batchdrain.source.columns.{key}: column {name!r} {problem}; {_REMEDY}"
        for key, name in mapped.pairs()
        if key in _EXACT and (problem := _problem_of(table.declared[name])) is not None
    ]
    unfit = unfit or find_unfit_words(table, writes=writes)
    if unfit:
        raise ConfigError.of(unfit)


def require_words_of_numbers(connection: sa.Connection, table: PhaseTable) -> None:
    """Check words of a SQLite state column of numbers. Texts may stand there too, so they may be mapped. Raises ConfigError
    if the mapped words are texts, but the rows have only whole numbers and NULL: then the words are not mapped yet."""
    mapped = table.source.columns.state
    declared, column = table.declared[mapped], table.table.c[mapped]
    if not any(part in declared.base for part in ("int", "bool")):
        return
    if any((to_value(state_word) or "").isdecimal() for words in table.states.values() for state_word in words):
        return
    kinds = {kind for (kind,) in connection.execute(sa.select(sa.func.typeof(column)).distinct())}
    if "integer" in kinds <= {"integer", "null"}:
        raise ConfigError.of(
            f"batchdrain.source.states.{state.value}: {no_value_of(state_word, declared, mapped)}"
            for state, words in table.states.items()
            for state_word in words
        )


def _problem_of(declared: DeclaredType) -> str | None:
    if declared.family is Family.BYTES:
        return f"holds bytes, not text ({declared.name})"
    if declared.family is Family.UNFIT:
        return f"holds {declared.name}, and no row can be found again by such a value"
    return None


def find_unfit_columns(database: Database, table: PhaseTable) -> list[str]:
    """Columns of the wrong kind, other than those of ids and states: one line each."""
    found = list(_find_unfit_reasons(table))
    try:
        with database.read() as connection:
            table.update_time(connection)
    except ConfigError as error:
        found.append(str(error))
    return found


def _find_unfit_reasons(table: PhaseTable) -> Iterator[str]:
    key, at = "batchdrain.source.columns.last_failure_reason", table.source.columns.reason
    if at is None:
        return
    declared = table.declared[at.column]
    if not is_fit(declared, at, table.dialect):
        holds = f"{key}: column {at.column!r} holds {declared.name}, not text"
        if is_fit(declared, at.model_copy(update={"path": ("message",)}), table.dialect):
            yield f"{holds}; say where its text is ({{column: {at.column}, path: error.message}}), or null for none"
        else:
            yield f"{holds}; map a text column, or null for none"
    if at.write is not None and not is_fit(written := table.declared[at.write], ReasonAt(column=at.write), table.dialect):
        yield f"{key}.write: column {at.write!r} holds {written.name}, not text; map a text column, or null for none"


def find_lost_row(database: Database, table: PhaseTable, state: PhaseState) -> str | None:
    """What is wrong if a row in the state is not found again by its ids; None if it is found. Only one row is tried."""
    with database.read() as connection:
        found = find_some_in(connection, table, state, 1)
        is_lost = any(table.read_row_state(connection, key) is None for key in found)
        return describe_lost(table, found[0]) if is_lost and find_some_in(connection, table, state, 1) == found else None


def describe_lost(table: PhaseTable, key: PhaseKey | None) -> str:
    """A message for people: a row that was just read can't be found by its ids."""
    return (
        f"{key}: the row of table {table.source.table!r} is not found again by its ids, though it was just read; map ids that "
        "keep their values, and let no policy hide the row from an update"
    )


def find_unwritable_view(table: PhaseTable) -> list[str]:
    """Why the table can't be written if results are recorded by exit codes; empty if it can."""
    if not table.writability.problem:
        return []
    cure = "map the table behind it, or let the command set the state (command.result_from: database)"
    return [f"batchdrain.source.table: {table.source.table!r} {table.writability.problem}; {cure}"]


def find_keys(connection: sa.Connection, schema: str | None, name: str) -> list[set[str]]:
    """The sets of columns by which a table declares its rows unique. A view has none, nor has a table of PostgreSQL that others
    inherit from: no key reaches their rows. An index of expressions or with a condition says nothing of all rows."""
    if has_heirs(connection, schema, name):
        return []
    with look_quietly():
        inspector = sa.inspect(connection)
        keys = [set(inspector.get_pk_constraint(name, schema=schema).get("constrained_columns") or ())]
        if name in inspector.get_view_names(schema=schema):
            return keys
        uniques: list[Sequence[str]] = [
            entry["column_names"] for entry in inspector.get_unique_constraints(name, schema=schema)
        ]
        if connection.dialect.name == "sqlite":
            uniques += read_unique_constraints(connection, schema, name)
        uniques += [
            [column for column in entry["column_names"] if column is not None]
            for entry in inspector.get_indexes(name, schema=schema)
            if entry["unique"] and _is_of_all_rows(entry)
        ]
    return [*keys, *(set(unique) for unique in uniques)]


def _is_of_all_rows(index: ReflectedIndex) -> bool:
    has_condition = any(key.endswith("_where") for key in index.get("dialect_options") or {})
    return not has_condition and None not in index["column_names"]


def require_condition(database: Database, table: PhaseTable) -> None:
    """Try the configured condition without reading any row. Raises ConfigError with the setting's name if the database does
    not accept it, and DatabaseUnavailable."""
    if not table.source.where:
        return
    bare = sa.select(sa.literal(1)).select_from(table.table).limit(0)
    with database.read() as connection:
        connection.execute(bare)  # so that an error without the condition is reported as what it is
    try:
        with database.read() as connection:
            connection.execute(table.narrow_to_source(bare))
    except ConfigError as error:
        raise ConfigError(
            f"batchdrain.source.where: {error.within(f'database {database.name}')}",
            remedy="correct the condition: it is SQL on the columns of the table",
        ) from error
