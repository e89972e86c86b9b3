"""Each type that a server declares, how its values are told apart, and the condition that finds exactly one of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mysql, postgresql

from batchdrain.database.phases.columns import exact_column_of
from batchdrain.database.phases.declared_types import DeclaredType, Family, _to_mysql, _to_postgresql, _to_sqlite

OF_MYSQL = {
    Family.WHOLE: ["tinyint", "smallint", "mediumint", "int", "integer", "bigint"],
    Family.TEXT: ["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum"],
    Family.SPELT: ["decimal", "date", "datetime", "timestamp", "time", "year", "uuid", "inet4", "inet6"],
    Family.BYTES: ["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"],
    Family.UNFIT: ["float", "double", "bit", "json", "set", "geometry", "point"],
}
OF_POSTGRESQL = {
    Family.WHOLE: ["int2", "int4", "int8", "oid"],
    Family.SPELT: ["uuid", "numeric", "bool", "date", "time", "timestamp", "timestamptz", "inet", "cidr", "macaddr", "macaddr8", "bit", "varbit"],
    Family.BYTES: ["bytea"],
    Family.TEXT: ["char"],
    Family.UNFIT: ["float4", "float8", "json", "jsonb", "interval", "timetz", "money", "point", "xml"],
}  # fmt: skip


def of_postgresql(
    base: str, category: str = "X", kind: str = "b", is_deterministic: bool = True, of_domain: bool = False
) -> DeclaredType:
    row: Any = SimpleNamespace(
        base=base,
        category=category,
        kind=kind,
        full_name=f"{base}(5)",
        bare_name=base,
        is_deterministic=is_deterministic,
        of_domain=of_domain,
        words=[],
    )
    return _to_postgresql(None, row)


@pytest.mark.parametrize(("base", "family"), [(base, family) for family, bases in OF_MYSQL.items() for base in bases])
def test_a_type_of_mariadb_belongs_to_one_family(base: str, family: Family) -> None:
    found = _to_mysql(None, f"{base}(9)", base.upper(), 9, None)
    assert (found.name, found.base, found.family, found.precision, found.scale) == (f"{base}(9)", base, family, 9, 0)


@pytest.mark.parametrize(("base", "family"), [(base, family) for family, bases in OF_POSTGRESQL.items() for base in bases])
def test_a_type_of_postgresql_belongs_to_one_family(base: str, family: Family) -> None:
    found = of_postgresql(base)
    assert (found.name, found.base, found.family) == (f"{base}(5)", base, family)


@pytest.mark.parametrize(
    ("found", "family", "cast", "is_bytewise"),
    [
        (of_postgresql("text", "S"), Family.TEXT, "", True),
        (of_postgresql("varchar", "S"), Family.TEXT, "", True),
        (of_postgresql("name", "S"), Family.TEXT, "", True),
        (of_postgresql("bpchar", "S"), Family.TEXT, "bpchar", False),
        (of_postgresql("citext", "S"), Family.TEXT, "citext", False),
        (of_postgresql("text", "S", is_deterministic=False), Family.TEXT, "text", False),
        (of_postgresql("uuid", "U"), Family.SPELT, "uuid", True),
        (of_postgresql("numeric", "N"), Family.SPELT, "numeric", False),
        (of_postgresql("mood", "E", "e"), Family.SPELT, "mood", True),
    ],
    ids=lambda value: value.base if isinstance(value, DeclaredType) else str(value),
)
def test_a_type_of_postgresql_is_compared_by_its_own_equality_where_that_is_exact(
    found: DeclaredType, family: Family, cast: str, is_bytewise: bool
) -> None:
    assert (found.family, found.cast, found.is_bytewise) == (family, cast, is_bytewise)


@pytest.mark.parametrize(
    ("name", "base", "family"),
    [
        ("VARCHAR(20)", "varchar", Family.STORED), ("INTEGER", "integer", Family.STORED), ("", "", Family.STORED),
        ("JSON", "json", Family.UNFIT), ("jsonb", "jsonb", Family.UNFIT), ("DECIMAL (9,\n2)", "decimal", Family.STORED),
    ],
)  # fmt: skip
def test_a_type_of_sqlite_says_little(name: str, base: str, family: Family) -> None:
    found = _to_sqlite(None, name)
    assert (found.name, found.base, found.family) == (name or "no type", base, family)


def condition_of(dialect: str, kind: DeclaredType) -> str:
    column = exact_column_of(sa.table("t", sa.column("c")).c.c, kind, dialect)  # type: ignore[arg-type]
    compiler = mysql.dialect() if dialect == "mysql" else postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(column.is_exactly("x").compile(dialect=compiler)).replace("\n", " ").removesuffix(" = 1")


@pytest.mark.parametrize(
    ("dialect", "kind", "condition"),
    [
        ("mysql", _to_mysql(None, "int", "int", None, None), "t.c = %s"),
        (
            "mysql",
            _to_mysql(None, "varchar(9)", "varchar", None, None),
            "t.c = %s AND CAST(CONVERT(t.c USING utf8mb4) AS BINARY) = CAST(CONVERT(%s USING utf8mb4) AS BINARY)",
        ),
        (
            "mysql",
            _to_mysql(None, "decimal(9,2)", "decimal", 9, 2),
            (
                "t.c = CAST(%s AS DECIMAL(9, 2)) AND CAST(CONVERT(CAST(t.c AS CHAR) USING utf8mb4) AS BINARY) = "
                "CAST(CONVERT(%s USING utf8mb4) AS BINARY)"
            ),
        ),
        ("postgresql", of_postgresql("int8"), "t.c = %(x)s"),
        ("postgresql", of_postgresql("text", "S"), "t.c = %(x)s"),
        ("postgresql", of_postgresql("uuid"), "t.c = CAST(%(x)s AS uuid)"),
        ("postgresql", of_postgresql("citext", "S"), 't.c = CAST(%(x)s AS citext) AND CAST(t.c AS TEXT) COLLATE "C" = %(x)s'),
        ("postgresql", of_postgresql("numeric"), 't.c = CAST(%(x)s AS numeric) AND CAST(t.c AS TEXT) COLLATE "C" = %(x)s'),
    ],
)
def test_a_row_is_found_by_an_index_and_then_byte_by_byte(dialect: str, kind: DeclaredType, condition: str) -> None:
    found = condition_of(dialect, kind)
    for cast in ("::BIGINT", "::VARCHAR", "::TEXT"):
        found = found.replace(cast, "")
    assert found.replace("(", "").replace(")", "") == condition.replace("(", "").replace(")", "")
