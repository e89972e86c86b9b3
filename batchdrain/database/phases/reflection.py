"""Reads the mapped table from the database, and finds what the settings name that it lacks."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchTableError

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database
from batchdrain.database.phases.declared_types import read_declared_types
from batchdrain.database.phases.names import OWN, split_name
from batchdrain.database.phases.shape import Shape, read_shape
from batchdrain.database.phases.writability import Writability, read_writability
from batchdrain.model.errors import ConfigError, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Reflection:
    """What is read when the table is opened."""

    table: sa.Table
    shape: Shape
    writability: Writability


def read_table(database: Database, source: Source, given: Sequence[str]) -> Reflection:
    """Read the mapped table. `given`: columns whose values the command gets. Raises ConfigError for a missing table, or for
    all missing columns at once."""
    with database.read() as connection:
        table = _load_table(connection, source.table, database.name)
        shape = read_shape(connection, table, read_declared_types(connection, table))
        writability = read_writability(connection, table, source.columns)
    missing = [
        f"batchdrain.{place}: table {source.table!r} has no column {column!r}" + did_you_mean(column, table.c.keys())
        for place, column in _places_of(source, given)
        if column not in table.c
    ]
    if missing:
        raise ConfigError.of(missing)
    return Reflection(table=table, shape=shape, writability=writability)


def _places_of(source: Source, given: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The setting that names each column, and the column."""
    yield from ((f"source.columns.{setting}", name) for setting, name in source.columns.pairs())
    mapped = {name for _, name in source.columns.pairs()}
    yield from (("command.columns", name) for name in given if name not in mapped)


def _load_table(connection: sa.Connection, named: str, database: str) -> sa.Table:
    schema, name = split_name(named)
    try:
        with warnings.catch_warnings():  # for types that SQLAlchemy does not know: we ask the database itself
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            return sa.Table(name, sa.MetaData(), schema=schema, autoload_with=connection, resolve_fks=False)
    except NoSuchTableError:
        inspector = sa.inspect(connection)
        known = inspector.get_table_names(schema=schema) + inspector.get_view_names(schema=schema)
        raise ConfigError(
            f"batchdrain.source.table: {named!r} is not in database {database}"
            + did_you_mean(name, [one for one in known if not one.startswith(OWN)]),
            remedy="set it to your table, or run `inv init`",
        ) from None
