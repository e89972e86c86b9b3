"""Reads the values of a table that tell what its columns mean: some rows, the counts of words, and tables of words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, State
from batchdrain.cli.commands.init.vocabulary import LIKELY, name_rank, state_of
from batchdrain.database.phases.declared_types import DeclaredType
from batchdrain.database.phases.update_time import find_unit, update_time_of
from batchdrain.model.errors import ConfigError

_ROWS: Final = 1_000
_JSON_ROWS: Final = 200
_CHARS: Final = 400
_BYTES: Final = 64
_REASON_CHARS: Final = 8_000
"""How many characters of a failure text are read. It may be a JSON document, and half of one can't be parsed."""
_WORDS: Final = 60
_FEW: Final = 20
_UNITS: Final = frozenset({"s", "ms", "us"})
Rows = Sequence[Mapping[str, object]]


def read_rows(connection: sa.Connection, table: sa.Table, columns: Sequence[ColumnFacts]) -> list[Mapping[str, object]]:
    """Some rows. Long texts are shortened; JSON, times and names that are no texts come as texts."""
    chosen = [(one.name, _select(connection, table.c[one.name], one)) for one in columns if one.kind is not Kind.OTHER]
    if not chosen:
        return []
    most = _JSON_ROWS if any(one.kind is Kind.JSON for one in columns) else _ROWS
    query = sa.select(*(value.label(f"c{place}") for place, (_, value) in enumerate(chosen))).limit(most)
    names = [name for name, _ in chosen]
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query)]


def _select(connection: sa.Connection, column: sa.Column[Any], facts: ColumnFacts) -> sa.ColumnElement[Any]:
    bare: sa.ColumnElement[Any] = sa.type_coerce(column, sa.types.NullType())
    chars = _CHARS if name_rank(facts.name, LIKELY["last_failure_reason"]) is None else _REASON_CHARS
    if (
        connection.dialect.name == "sqlite" and facts.kind is not Kind.BYTES
    ):  # read as it is stored, whatever the declared type is
        begun = sa.func.substr(bare, 1, chars)
        return bare if facts.kind is Kind.JSON else sa.case((sa.func.typeof(bare) == "text", begun), else_=bare)
    if facts.kind is Kind.WHOLE:
        return sa.cast(bare, sa.BigInteger()) if facts.type_name.startswith(("numeric", "decimal")) else bare
    if facts.kind is Kind.BYTES:
        begun = sa.func.substr(bare, 1, _BYTES)
        return sa.func.encode(begun, "hex") if connection.dialect.name == "postgresql" else sa.func.hex(begun)
    if facts.type_name.endswith("[]"):
        bare = sa.func.to_jsonb(bare)
    text = sa.cast(bare, sa.Text() if connection.dialect.name == "postgresql" else sa.CHAR())
    return text if facts.kind is not Kind.TEXT else sa.func.substr(text, 1, chars)


def complete_facts(
    connection: sa.Connection, table: sa.Table, declared: DeclaredType, column: ColumnFacts, rows: Rows
) -> ColumnFacts:
    """Complete the facts of a column with the values of the whole table, if they may be states or times."""
    values = [row[column.name] for row in rows if row.get(column.name) is not None]
    if name_rank(column.name, LIKELY["updated_at"]) is not None:
        return _complete_time(column, declared, values)
    if not _may_be_state(column, values):
        return column
    counts = _count(connection, table, column)
    if column.parent is None or counts is None:
        return dataclasses.replace(column, counts=counts)
    meanings = _read_words_of(connection, column)
    words = column.words or tuple(meanings)
    return dataclasses.replace(column, counts=counts, words=words, meanings={**meanings, **column.meanings})


def add_spoken(column: ColumnFacts, literals: Sequence[str]) -> ColumnFacts:
    """Add to the state column of a view, or to a computed one, the words that its definition names and no row has yet."""
    if column.counts is None or column.kind is not Kind.TEXT or name_rank(column.name, LIKELY["state"]) is None:
        return column
    others: dict[State, int] = {term: 0 for term in literals if term not in column.counts and state_of(term) is not None}
    return dataclasses.replace(column, counts={**column.counts, **others})


def _complete_time(column: ColumnFacts, declared: DeclaredType, values: Sequence[object]) -> ColumnFacts:
    try:
        update_time_of(column.name, declared, values, "auto")
    except ConfigError:
        return column
    unit = find_unit(values) if column.kind is Kind.WHOLE else None
    return dataclasses.replace(column, fits_time=True, unit=unit if unit in _UNITS else "")


def _may_be_state(column: ColumnFacts, values: Sequence[object]) -> bool:
    if column.kind not in {Kind.TEXT, Kind.WHOLE}:
        return False
    words = {*map(str, set(values)), *column.words, *column.meanings.values()}
    is_named = name_rank(column.name, LIKELY["state"]) is not None
    return bool(column.words) or (len(words) <= _FEW and (is_named or any(map(state_of, words))))


def _count(connection: sa.Connection, table: sa.Table, column: ColumnFacts) -> Mapping[State, int] | None:
    """How often each value occurs; None if there are too many values for words. Counted exactly, even if the database takes
    'failed' and 'FAILED ' for equal."""
    value = _select(connection, table.c[column.name], column)
    exact = sa.func.hex(value) if connection.dialect.name in {"mysql", "mariadb"} else value
    query = sa.select(sa.func.min(value), sa.func.count()).group_by(exact).limit(_WORDS + 1)
    found: dict[State, int] = {}
    for term, count in connection.execute(query):
        found[term if isinstance(term, str | int) or term is None else str(term)] = count
    return found if len(found) <= _WORDS else None


def _read_words_of(connection: sa.Connection, column: ColumnFacts) -> Mapping[str, str]:
    """The meanings in a table of words: for each referenced value the word beside it, or the value itself."""
    parent = column.parent
    if parent is None:
        return {}
    inspector = sa.inspect(connection)
    names = [one["name"] for one in inspector.get_columns(parent.table, schema=parent.schema)]
    source = sa.table(parent.table, *map(sa.column, names), schema=parent.schema)
    rows = connection.execute(sa.select(*(source.c[name] for name in names)).limit(_WORDS + 1)).mappings().all()
    if len(rows) > _WORDS:
        return {}
    found = {}
    for row in rows:
        key = str(row[parent.column])
        spoken = [one for one in row.values() if isinstance(one, str) and state_of(one) is not None]
        texts = [str(one) for name, one in row.items() if name != parent.column and isinstance(one, str)]
        found[key] = key if state_of(key) is not None else next(iter(spoken or texts), key)
    return found if any(state_of(term) for term in found.values()) else {}
