"""The types of a table's columns, as the database itself declares them.

SQLAlchemy's types are not used: if it does not know a type, or reads it in another form than it is stored in, its ids would
not be found again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from batchdrain.database.phases.names import quote_name


class Family(StrEnum):
    """How the values of a type are told apart."""

    STORED = "stored"  #: SQLite: each value as it is stored, whatever the declared type is
    TEXT = "text"  #: by the bytes of a text; the type's own `=` may compare differently
    WHOLE = "whole"  #: a whole number
    SPELT = "spelt"  #: by the database's text of it: a UUID, a decimal number, a time, an enum, an address
    BYTES = "bytes"  #: not a text at all
    UNFIT = "unfit"  #: the value that is read does not compare equal to the stored one, or one value has several texts


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredType:
    """The declared type of one column."""

    name: str  #: the full name, for people
    base: str  #: the bare name in lower case; of a domain, that of the type behind it
    family: Family
    cast: str = ""  #: the type to which a text is cast so that an index can compare it; '': compared without a cast
    is_bytewise: bool = False  #: whether its own `=` distinguishes values that differ in any byte
    words: tuple[str, ...] = ()  #: all values of an enum
    is_domain: bool = False  #: PostgreSQL: whether the column has a domain over the type
    length: int | None = None  #: how many characters it takes; None: any number, or unknown
    precision: int | None = None  #: digits of a decimal number; None: any number
    scale: int = 0  #: how many of these digits are behind the point

    @property
    def is_number(self) -> bool:
        """Whether people expect its values to be ordered as numbers."""
        if self.family is Family.STORED:
            return any(part in self.base for part in _SQLITE_NUMBERS) and "point" not in self.base
        return self.family is Family.WHOLE or self.base in _DECIMALS

    def require_number(self, text: str) -> None:
        """Raises ValueError if the type is of decimal numbers, and the text is none."""
        if self.base in _DECIMALS and _DECIMAL.fullmatch(text) is None:
            raise ValueError(text)


_DECIMALS: Final = frozenset({"numeric", "decimal"})
_DECIMAL: Final = re.compile(r"-?\d+(?:\.\d+)?|NaN", re.ASCII)
_SQLITE_NUMBERS: Final = ("int", "real", "floa", "doub", "num", "dec")
_POSTGRESQL: Final = """
WITH RECURSIVE mapped AS (
    SELECT attname AS name, atttypid AS type, format_type(atttypid, atttypmod) AS full_name, attcollation AS collation, false AS of_domain
    FROM pg_attribute WHERE attrelid = to_regclass(:place) AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT mapped.name, typbasetype, mapped.full_name, mapped.collation, true
    FROM mapped JOIN pg_type ON pg_type.oid = mapped.type WHERE typtype = 'd'
)
SELECT CAST(mapped.name AS TEXT) AS name, full_name, of_domain, CAST(typname AS TEXT) AS base, CAST(typtype AS TEXT) AS kind,
       CAST(typcategory AS TEXT) AS category, format_type(pg_type.oid, -1) AS bare_name,
       coalesce(CAST(to_jsonb(pg_collation) ->> 'collisdeterministic' AS BOOL), true) AS is_deterministic,
       array(SELECT CAST(enumlabel AS TEXT) FROM pg_enum WHERE enumtypid = pg_type.oid ORDER BY enumsortorder) AS words
FROM mapped JOIN pg_type ON pg_type.oid = mapped.type LEFT JOIN pg_collation ON pg_collation.oid = mapped.collation
WHERE typtype <> 'd'
"""
_POSTGRESQL_WHOLE: Final = frozenset({"int2", "int4", "int8", "oid"})
_POSTGRESQL_BYTEWISE: Final = frozenset({"text", "varchar", "name", "uuid"})
_POSTGRESQL_SPELT: Final = frozenset(
    {
        "uuid",
        "numeric",
        "bool",
        "date",
        "time",
        "timestamp",
        "timestamptz",
        "inet",
        "cidr",
        "macaddr",
        "macaddr8",
        "bit",
        "varbit",
    }
)
_MYSQL: Final = (
    "SELECT column_name, column_type, data_type, numeric_precision, numeric_scale FROM information_schema.columns "
    "WHERE table_schema = coalesce(:schema, database()) AND table_name = :name ORDER BY BINARY table_name = :name"
)
_MYSQL_WHOLE: Final = frozenset({"tinyint", "smallint", "mediumint", "int", "integer", "bigint"})
_MYSQL_TEXT: Final = frozenset({"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"})
_MYSQL_SPELT: Final = frozenset({"decimal", "date", "datetime", "timestamp", "time", "year", "uuid", "inet4", "inet6"})
_BYTES: Final = frozenset({"bytea", "binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"})
_SQLITE_JSON: Final = frozenset({"json", "jsonb"})


def read_declared_types(connection: sa.Connection, table: sa.Table) -> Mapping[str, DeclaredType]:
    """The declared type of each column, by the column's name. Reads only."""
    dialect, schema = connection.dialect.name, table.schema
    if dialect == "postgresql":
        rows = connection.execute(sa.text(_POSTGRESQL), {"place": quote_name(schema, table.name)})
        return {row.name: _to_postgresql(table.c.get(row.name), row) for row in rows}
    if dialect == "sqlite":
        place: tuple[str, ...] = (table.name,) if schema is None else (table.name, schema)
        info = sa.func.pragma_table_xinfo(*place).table_valued("name", "type")
        rows = connection.execute(sa.select(info.c.name, info.c.type))
        return {name: _to_sqlite(table.c.get(name), kind) for name, kind in rows}
    rows = connection.execute(sa.text(_MYSQL), {"schema": schema, "name": table.name})
    return {name: _to_mysql(table.c.get(name), *row) for name, *row in rows}


def _to_postgresql(column: sa.Column[Any] | None, row: sa.Row[Any]) -> DeclaredType:
    base, is_enum = row.base, row.kind == "e"
    family = Family.BYTES if base in _BYTES else Family.UNFIT
    if base in _POSTGRESQL_WHOLE:
        family = Family.WHOLE
    elif row.category == "S" or base == "char":
        family = Family.TEXT
    elif is_enum or base in _POSTGRESQL_SPELT:
        family = Family.SPELT
    is_bytewise = row.is_deterministic and (base in _POSTGRESQL_BYTEWISE or is_enum)
    return DeclaredType(
        name=row.full_name,
        base=base,
        family=family,
        cast="" if family is Family.TEXT and is_bytewise else row.bare_name,
        is_bytewise=is_bytewise,
        words=tuple(row.words),
        is_domain=row.of_domain,
        length=_number_of(column, "length"),
        precision=_number_of(column, "precision"),
        scale=_number_of(column, "scale") or 0,
    )


def _to_mysql(column: sa.Column[Any] | None, name: str, base: str, precision: int | None, scale: int | None) -> DeclaredType:
    base = base.lower()
    families = (
        (Family.WHOLE, _MYSQL_WHOLE),
        (Family.TEXT, _MYSQL_TEXT),
        (Family.SPELT, _MYSQL_SPELT),
        (Family.BYTES, _BYTES),
    )
    return DeclaredType(
        name=name,
        base=base,
        family=next((family for family, bases in families if base in bases), Family.UNFIT),
        words=tuple(getattr(column.type, "enums", ()) if column is not None else ()) if base == "enum" else (),
        length=_number_of(column, "length"),
        precision=precision,
        scale=scale or 0,
    )


def _to_sqlite(column: sa.Column[Any] | None, name: str) -> DeclaredType:
    base = re.sub(r"\(.*", "", name.lower(), flags=re.DOTALL).strip()
    family = Family.UNFIT if base in _SQLITE_JSON else Family.STORED
    return DeclaredType(name=name or "no type", base=base, family=family, length=_number_of(column, "length"))


def _number_of(column: sa.Column[Any] | None, name: str) -> int | None:
    """A number attribute of SQLAlchemy's type; of a domain, of the type behind it. None if there is none."""
    kind = None if column is None else getattr(column.type, "data_type", column.type)
    found = getattr(kind, name, None)
    return found if isinstance(found, int) else None
