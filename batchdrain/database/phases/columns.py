"""The user's columns, of whatever type: how a text becomes a value of theirs, and how their values are read and compared.

Ids are compared exactly, byte for byte, whatever the column's collation takes for equal: of two rows named 'A' and 'a' each
write must hit its own.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from batchdrain.database.dialects import octets

READ_CHARS: Final = 65_536


class _Exact(sa.sql.functions.FunctionElement[bool]):
    """A text column equals a text, without the column's collation."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(_Exact)
def _compile_exact(element: _Exact, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    column, text = (compiler.process(part, **options) for part in element.clauses)
    return f'CAST({column} AS TEXT) COLLATE "C" = {text}'


@compiles(_Exact, "sqlite")
def _compile_exact_on_sqlite(element: _Exact, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    column, text = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} COLLATE BINARY = {text}"


@compiles(_Exact, "mysql")
@compiles(_Exact, "mariadb")
def _compile_exact_on_mysql(element: _Exact, compiler: sa.sql.compiler.SQLCompiler, **options: Any) -> str:
    # Even its binary collations take 'x' for 'x '; the column's own character set may be another than the connection's.
    column, text = (compiler.process(part, **options) for part in element.clauses)
    return f"CAST(CONVERT({column} USING utf8mb4) AS BINARY) = CAST(CONVERT({text} USING utf8mb4) AS BINARY)"


def is_exactly(column: sa.Column[Any], parameter: str, dialect: str) -> sa.ColumnElement[bool]:
    """Whether an id column holds exactly the value that `parameter` is given."""
    value = sa.bindparam(parameter, type_=column.type)
    if _is_untyped(column, dialect):
        return sa.cast(column, sa.Text) == sa.bindparam(parameter, type_=sa.Text())
    if isinstance(column.type, sa.String) and not isinstance(column.type, sa.Enum):
        return sa.and_(column == value, _Exact(column, value))  # the first for the index, the second for the truth
    return column == value


def to_group_key(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """What to group by, so that values which differ in any byte are counted apart."""
    if not isinstance(column.type, sa.String) or isinstance(column.type, sa.Enum):
        return to_selected(column, dialect)
    if dialect == "mysql":
        return sa.cast(column, sa.BINARY)
    return sa.collate(column, "BINARY") if dialect == "sqlite" else sa.cast(column, sa.Text)


def to_selected(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """The column as it is selected: PostgreSQL pads a CHAR with blanks, and SQLite tells no type of a column without one."""
    if _is_untyped(column, dialect) or (dialect == "postgresql" and isinstance(column.type, sa.CHAR)):
        return sa.cast(column, sa.Text)
    return column


def bind(column: sa.Column[Any], text: str) -> Any:
    """A text as a value of the column's own type. Raises ValueError where it can't be one."""
    if isinstance(column.type, sa.Integer):
        return int(text)
    if isinstance(column.type, sa.Uuid):
        return uuid.UUID(text)
    return text


def make_timestamp(column: sa.Column[Any]) -> Any:
    """Now, as a value of the column's type."""
    now = datetime.now(UTC)
    if isinstance(column.type, sa.DateTime):
        return now if column.type.timezone else now.replace(tzinfo=None)
    if isinstance(column.type, sa.Integer):
        return int(now.timestamp())
    return now.isoformat().replace("+00:00", "Z")


def head_of(text: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """The first READ_CHARS of a text. Most texts are short: counting the characters of each would take a quarter of a scan."""
    return sa.case((octets(text) > READ_CHARS, sa.func.substr(text, 1, READ_CHARS)), else_=text)


def to_parameter(text: str | None) -> str | bytes | None:
    """A text as a parameter. SQLite may hold a text that is no UTF-8: read with surrogates, it is given back as its bytes."""
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")
    return text


def from_parameter(value: str | bytes | None) -> str | None:
    """What `to_parameter` made of a text, as it was."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _is_untyped(column: sa.Column[Any], dialect: str) -> bool:
    return dialect == "sqlite" and isinstance(column.type, sa.types.NullType)
