"""The user's columns, of whatever type: how ids and states are compared exactly, and how texts are read and given back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from batchdrain.config.column_settings import Columns
from batchdrain.config.id_columns import FixedId, IdOf, names_of
from batchdrain.database.dialects import octets
from batchdrain.database.phases.declared_types import DeclaredType, Family
from batchdrain.database.phases.exact_column import Comparable, ExactColumn
from batchdrain.database.phases.id_columns import IdColumns
from batchdrain.database.phases.mysql_column import MysqlColumn
from batchdrain.database.phases.phase_ids import PhaseIds
from batchdrain.database.phases.postgresql_column import PostgresqlColumn
from batchdrain.database.phases.sqlite_column import SqliteColumn
from batchdrain.database.phases.state_column import StateColumn
from batchdrain.database.phases.update_time import LEAST_TIME, SAMPLED, asks_values
from batchdrain.failures.suffix import fit
from batchdrain.runtime.text import READ_CHARS


def exact_column_of(column: sa.Column[Any], declared: DeclaredType, dialect: str) -> ExactColumn:
    """The column in the form that reads, compares and writes it exactly."""
    if dialect == "sqlite":
        return SqliteColumn(column=column, declared=declared)
    if dialect == "postgresql":
        return PostgresqlColumn(column=column, declared=declared)
    return MysqlColumn(column=column, declared=declared)


def id_columns_of(mapped: IdOf, table: sa.Table, declared: Mapping[str, DeclaredType], dialect: str) -> IdColumns:
    """The columns of one id, as the settings map it."""
    names = names_of(mapped)
    return IdColumns(
        columns=tuple(exact_column_of(table.c[name], declared[name], dialect) for name in names),
        names=names,
        fixed=mapped.value if isinstance(mapped, FixedId) else "",
        numbers=tuple(declared[name].is_number for name in names),
    )


def state_column_of(exact: ExactColumn, column: sa.Column[Any], dialect: str) -> StateColumn:
    """The column of states, made from its exact column."""
    return StateColumn(exact=exact, column=column, stores_any=dialect == "sqlite")


def phase_ids_of(mapped: Columns, table: sa.Table, declared: Mapping[str, DeclaredType], dialect: str) -> PhaseIds:
    """The columns of both ids, as the settings map them."""
    run, phase = (id_columns_of(of, table, declared, dialect) for of in (mapped.run_id, mapped.phase_id))
    return PhaseIds(run=run, phase=phase)


def fit_reason(reason: str, length: int | None) -> str:
    """Shorten a failure text to what a column takes. `length`: in characters; None: no limit."""
    return reason if length is None else fit(reason, length)


def plain_type_of(declared: DeclaredType) -> sa.types.TypeEngine[Any]:
    """The type of a mapped column for SQLAlchemy. It must not convert what the driver gives."""
    if declared.family is Family.WHOLE:
        return sa.BigInteger()
    return sa.types.NullType() if declared.family is Family.STORED else sa.Text()


def to_shown(column: sa.Column[Any], declared: DeclaredType, dialect: str) -> sa.ColumnElement[Any]:
    """A column that is only read. It is read as text if the driver might fail to convert its values."""
    is_plain = dialect == "sqlite" or declared.family in {Family.WHOLE, Family.TEXT}
    return column if is_plain else sa.cast(column, sa.Text)


def sample_of_times(column: sa.Column[Any], declared: DeclaredType) -> sa.Select[Any] | None:
    """Selects some values of `updated_at` that show how it writes times; None if its type already tells."""
    if not asks_values(declared):
        return None
    tells: sa.ColumnElement[bool] = column.is_not(None)
    if declared.family is Family.WHOLE:
        tells = column >= LEAST_TIME
    elif declared.family is Family.STORED:
        tells = sa.and_(tells, sa.or_(sa.func.typeof(column) != "integer", column >= LEAST_TIME))
    return sa.select(column).where(tells).limit(SAMPLED)


def head_of(text: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    """The first READ_CHARS of a text.
    Its bytes are counted first, since counting the characters of each text would take a quarter of a scan."""
    return sa.case((octets(text) > READ_CHARS, sa.func.substr(text, 1, READ_CHARS)), else_=text)


def to_parameter(text: str | None) -> str | bytes | None:
    """A text as a parameter. SQLite may hold a text that is not UTF-8:
    it is read with surrogates, and given back as its bytes."""
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    return text


def from_parameter(value: str | bytes | None) -> str | None:
    """Turn a parameter of `to_parameter` back into its text."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def any_of(columns: Sequence[Comparable], count: int) -> sa.ColumnElement[bool]:
    """Whether the columns hold one of `count` rows of texts, whose parameters `parameters_of` makes.
    An index finds each of them."""
    return sa.or_(
        *(sa.and_(*(column.is_exactly(_name(at, row)) for at, column in enumerate(columns))) for row in range(count))
    )


def parameters_of(columns: Sequence[Comparable], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """The parameters of `any_of` for rows with one text for each column.
    Raises ValueError for a text that no value of its column has."""
    return {
        name: value
        for number, row in enumerate(rows)
        for at, column in enumerate(columns)
        for name, value in column.parameters(_name(at, number), row[at]).items()
    }


def _name(at: int, row: int) -> str:
    return f"the_id_{at}_{row}"
