"""Reads what a database says about its tables: columns, keys, words and some rows. Reads only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import ReflectedColumn

from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, Parent, Reference, TableFacts
from batchdrain.cli.commands.init.read_values import add_spoken, complete_facts, read_rows
from batchdrain.database.connection import Database
from batchdrain.database.phases.check_constraints import read_checks
from batchdrain.database.phases.declared_types import DeclaredType, Family, read_declared_types
from batchdrain.database.phases.declared_words import find_literals, find_meanings, find_words
from batchdrain.database.phases.relation import read_relation
from batchdrain.database.phases.sqlite_keys import read_unique_constraints
from batchdrain.database.phases.writability import find_unwritten
from batchdrain.database.quiet_look import look_quietly
from batchdrain.model.errors import BatchDrainError

_JSON: Final = frozenset({"json", "jsonb", "_json", "_jsonb"})
"""JSON types. An array of JSON is a document too."""
_TIMES: Final = frozenset({"date", "time", "timestamp", "timestamptz", "timetz", "datetime", "year", "interval"})
_BYTES: Final = ("binary", "blob", "bytea")
_DECIMALS: Final = frozenset({"numeric", "decimal"})
_DIGITS: Final = 18
"""A decimal number with at most this many digits, none behind a point, is a whole number as an integer is."""
_KIND_OF: Final = {Family.WHOLE: Kind.WHOLE, Family.TEXT: Kind.TEXT, Family.SPELT: Kind.NAME}


def read_tables(database: Database, schema: str | None, only: str | None = None) -> list[TableFacts]:
    """The facts of every table and view of a schema, or of one of them. Errors are kept in the facts as their `problem`."""
    with database.read() as connection, look_quietly():
        inspector = sa.inspect(connection)
        views = set(inspector.get_view_names(schema=schema))
        if connection.dialect.name == "postgresql":
            views |= set(inspector.get_materialized_view_names(schema=schema))
        parts = _read_partitions(connection) if only is None else set()
        names = [*(one for one in inspector.get_table_names(schema=schema) if one not in parts), *sorted(views)]
    wanted = [name for name in names if only in (None, name)]
    return [_read_soundly(database, schema, name, is_view=name in views) for name in wanted]


def _read_partitions(connection: sa.Connection) -> set[str]:
    """The partitions of other tables, which show all their rows."""
    if connection.dialect.name != "postgresql":
        return set()
    return set(connection.execute(sa.text("SELECT CAST(relname AS TEXT) FROM pg_class WHERE relispartition")).scalars())


def _read_soundly(database: Database, schema: str | None, name: str, *, is_view: bool) -> TableFacts:
    try:
        return _read_table(database, schema, name, is_view=is_view)
    except BatchDrainError as error:
        return TableFacts(name=name, schema=schema, columns=(), problem=error.message)


def _read_table(database: Database, schema: str | None, name: str, *, is_view: bool) -> TableFacts:
    with database.read() as connection, look_quietly():
        inspector = sa.inspect(connection)
        reflected = inspector.get_columns(name, schema=schema)
        table = sa.Table(name, sa.MetaData(), *map(_to_column, reflected), schema=schema)
        unwritten = find_unwritten(connection, table, read_relation(connection, name, schema), table.c.keys())
        declared = read_declared_types(connection, table)
        checks = [] if is_view else [one.text for one in read_checks(connection, schema, name)]
        keys = () if is_view else tuple(dict.fromkeys(_read_keys(connection, schema, name)))
        parents = {} if is_view else _read_parents(inspector, schema, name)
        references = () if is_view else tuple(_read_references(inspector, schema, name))
        columns = [
            _describe(one, declared[one["name"]], checks, parents.get(one["name"]))
            for one in reflected
            if one["name"] in declared
        ]
        computed = {one["name"]: find_literals(one["computed"]["sqltext"]) for one in reflected if one.get("computed")}
        rows = read_rows(connection, table, columns)
        finished = tuple(complete_facts(connection, table, declared[one.name], one, rows) for one in columns)
        if is_view:
            spoken = find_literals(inspector.get_view_definition(name, schema=schema) or "")
            finished = tuple(add_spoken(one, spoken) for one in finished)
        else:
            finished = tuple(add_spoken(one, computed.get(one.name, ())) for one in finished)
        return TableFacts(
            name=name, schema=schema, columns=finished, keys=keys, is_view=is_view, rows=tuple(rows),
            unwritable=unwritten.problem, computed=unwritten.columns, references=references, dialect=connection.dialect.name,
        )  # fmt: skip


def _to_column(reflected: ReflectedColumn) -> sa.Column[Any]:
    computed = reflected.get("computed")
    return sa.Column(reflected["name"], reflected["type"], *([] if computed is None else [sa.Computed(computed["sqltext"])]))


def _describe(column: ReflectedColumn, declared: DeclaredType, checks: Sequence[str], parent: Parent | None) -> ColumnFacts:
    name = column["name"]
    words = declared.words or find_words(name, [*checks, *_checks_of_domain(column["type"])])
    return ColumnFacts(
        name=name,
        kind=_kind_of(declared, checks, name),
        type_name=declared.name,
        takes_null=bool(column["nullable"]),
        words=tuple(words),
        meanings=find_meanings(column.get("comment") or ""),
        most_chars=declared.length if declared.family is Family.TEXT else None,
        parent=parent,
    )


def _checks_of_domain(kind: Any) -> list[str]:
    return [str(kind.check)] if getattr(kind, "check", None) is not None else []


def _kind_of(declared: DeclaredType, checks: Sequence[str], name: str) -> Kind:
    base = declared.base
    if base in _JSON or any(_requires_json(check, name) for check in checks):
        return Kind.JSON
    if declared.words:
        return Kind.TEXT
    if base in _DECIMALS and declared.precision is not None and declared.precision <= _DIGITS and declared.scale == 0:
        return Kind.WHOLE
    if base.startswith("bool"):
        return Kind.TRUTH
    if base in _TIMES or (declared.family is Family.STORED and any(part in base for part in ("date", "time"))):
        return Kind.TIME
    if declared.family is Family.STORED:
        if "int" in base:
            return Kind.WHOLE
        return Kind.BYTES if "blob" in base else Kind.TEXT
    if any(one in base for one in _BYTES):
        return Kind.BYTES
    return _KIND_OF.get(declared.family, Kind.OTHER)


def _requires_json(check: str, name: str) -> bool:
    """Whether a CHECK says that the column holds JSON."""
    return re.search(rf"json_valid\s*\(\s*[`\"\[]?{re.escape(name)}[`\"\]]?\s*\)", check, re.IGNORECASE) is not None


def _read_keys(connection: sa.Connection, schema: str | None, name: str) -> Iterator[tuple[str, ...]]:
    """The unique keys, the primary key first, each with its columns in order. A partial index is no key."""
    inspector = sa.inspect(connection)
    primary = tuple(inspector.get_pk_constraint(name, schema=schema).get("constrained_columns") or ())
    if primary:
        yield primary
    for unique in inspector.get_unique_constraints(name, schema=schema):
        yield tuple(unique["column_names"])
    if connection.dialect.name == "sqlite":
        yield from read_unique_constraints(connection, schema, name)
    for index in inspector.get_indexes(name, schema=schema):
        is_partial = any(key.endswith("_where") for key in index.get("dialect_options") or {})
        names = tuple(column for column in index["column_names"] if column is not None)
        if index["unique"] and not is_partial and not index.get("expressions") and names:
            yield names


def _read_parents(inspector: sa.Inspector, schema: str | None, name: str) -> Mapping[str, Parent]:
    """What each column's foreign key refers to."""
    return {
        key["constrained_columns"][0]: Parent(
            schema=key["referred_schema"], table=key["referred_table"], column=key["referred_columns"][0]
        )
        for key in inspector.get_foreign_keys(name, schema=schema)
        if len(key["constrained_columns"]) == 1 and key["referred_columns"]
    }


def _read_references(inspector: sa.Inspector, schema: str | None, name: str) -> Iterator[Reference]:
    """The foreign keys of several columns."""
    for key in inspector.get_foreign_keys(name, schema=schema):
        if len(key["constrained_columns"]) > 1:
            yield Reference(columns=tuple(key["constrained_columns"]), table=key["referred_table"])
