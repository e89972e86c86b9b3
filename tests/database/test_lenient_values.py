"""What Python has no value for is read as the text that PostgreSQL has of it, and texts of any bytes are read and found again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import URL, make_url

from batchdrain.database.lenient_values import read_values_leniently
from tests.support.databases import own_database

BYTES = "caf\\351"
AS_READ = "caf\udce9"


def connected(url: str, *, lenient: bool = True) -> psycopg.Connection[Any]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    connection = psycopg.connect(plain, autocommit=True)
    if lenient:
        read_values_leniently(connection)
    return connection


@pytest.fixture
def any_bytes(postgresql_server: URL) -> Iterator[str]:
    with own_database(postgresql_server, " TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'") as url:
        yield url


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("'infinity'::date", "infinity"),
        ("'10000-01-01'::date", "10000-01-01"),
        ("'24:00:00'::time", "24:00:00"),
        ("'24:00:00+00'::timetz", "24:00:00+00"),
        ("'-infinity'::timestamp", "-infinity"),
        ("'10000-01-01'::timestamp", "10000-01-01 00:00:00"),
        ("'infinity'::timestamptz", "infinity"),
        ("'1000000000 days'::interval", "1000000000 days"),
        ("'2026-11-30'::date", date(2026, 11, 30)),
    ],
)
def test_a_moment_that_python_does_not_have_is_read_as_its_text_and_any_other_as_ever(
    postgresql_url: str, value: str, read: object
) -> None:
    with connected(postgresql_url) as connection:
        assert connection.execute(f"SELECT {value}".encode()).fetchone() == (read,)


@pytest.mark.parametrize("kind", ["text", "varchar(9)", "char(4)", "name", "an_enum", None])
def test_a_text_of_any_bytes_is_read_and_finds_its_row_again(any_bytes: str, kind: str | None) -> None:
    with connected(any_bytes) as connection:
        connection.execute(f"CREATE TYPE an_enum AS ENUM (E'{BYTES}')".encode())
        found = connection.execute(f"SELECT E'{BYTES}'{'' if kind is None else f'::{kind}'}".encode()).fetchone()
        assert found == (AS_READ,)
        connection.execute(f"CREATE TABLE t AS SELECT E'{BYTES}'::text AS x".encode())
        given = AS_READ.encode("utf-8", "surrogateescape")
        assert connection.execute("SELECT count(*) FROM t WHERE x = %s", [given]).fetchone() == (1,)


def test_a_connection_to_a_database_of_an_encoding_is_left_as_it_is(postgresql_url: str) -> None:
    with connected(postgresql_url) as ours, connected(postgresql_url, lenient=False) as plain:
        for connection in (ours, plain):
            assert connection.execute("SHOW client_encoding").fetchone() == ("UTF8",)
            assert connection.execute("SELECT %s::bytea", [b"\xe9"]).fetchone() == (b"\xe9",)


def test_a_single_byte_is_read_as_the_text_that_the_server_writes(any_bytes: str) -> None:
    with connected(any_bytes) as connection:
        assert connection.execute(b"SELECT E'\\351'::\"char\"").fetchone() == ("\\351",)
