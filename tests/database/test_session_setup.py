"""What a connection is set up with, and what locks a transaction takes: durable commits, the database's clock, no wait without an
end, nothing that stays."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Patience
from batchdrain.database.connection import Database, open_database
from batchdrain.database.dialects import db_now_ms, lock_table_creation, lock_tables
from tests.support.workplace import Workplace

PATIENCE = Patience(operation_s=40, lock_s=7)
ON_ALL = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


@pytest.fixture
def database(project: Workplace) -> Iterator[Database]:
    found = open_database(project.url, patience=PATIENCE)
    yield found
    found.close()


def asked(connection: sa.Connection, *statements: str) -> list[object]:
    return [connection.exec_driver_sql(text).scalar() for text in statements]


@ON_ALL
def test_the_clock_of_the_database_counts_milliseconds_since_1970_and_moves_on_within_a_transaction(
    database: Database,
) -> None:
    def look(connection: sa.Connection) -> tuple[int, int]:
        first = connection.execute(sa.select(db_now_ms())).scalar_one()
        time.sleep(0.01)  # the clock itself is what is looked at
        return first, connection.execute(sa.select(db_now_ms())).scalar_one()

    first, second = database.write(look)
    assert second >= first + 10
    assert abs(first - time.time() * 1000) < 60_000


@pytest.mark.everyday("postgresql")
def test_postgresql_waits_for_a_lock_as_long_as_patience_says_and_only_in_a_transaction_that_writes(
    postgresql_url: str,
) -> None:
    found = open_database(postgresql_url, patience=PATIENCE)
    asks = ("SHOW lock_timeout", "SHOW idle_in_transaction_session_timeout", "SHOW TimeZone")
    with found.read() as connection:
        plain = asked(connection, *asks)
        connection.rollback()
        outside = asked(connection.execution_options(isolation_level="AUTOCOMMIT"), *asks)
    written = found.write(lambda connection: asked(connection, *asks))
    with found.read() as connection:
        again = asked(connection, *asks)
    found.close()
    assert written == ["7s", "80s", "UTC"]
    assert plain == again == [*outside[:2], "UTC"]
    assert "7s" not in plain, "nothing stays in a session"


def test_sqlite_syncs_each_commit_and_a_transaction_that_writes_keeps_others_from_writing(sqlite_url: str) -> None:
    found = open_database(sqlite_url)
    found.prepare_for_writing()
    path = sa.make_url(sqlite_url).database or ""
    others = sqlite3.connect(path, timeout=0, isolation_level=None)

    def may_others_write() -> bool:
        try:
            others.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        others.execute("ROLLBACK")
        return True

    with found.read() as connection:
        assert (asked(connection, "PRAGMA synchronous", "PRAGMA journal_mode"), may_others_write()) == ([2, "wal"], True)
    assert found.write(lambda _: may_others_write()) is False
    assert may_others_write()
    others.close()
    found.close()


@pytest.mark.everyday("postgresql", "mariadb")
def test_one_controller_at_a_time_makes_the_tables(server_project: Workplace) -> None:
    is_free = (
        "SELECT pg_try_advisory_xact_lock(hashtext('batchdrain'))"
        if server_project.url.startswith("postgresql")
        else "SELECT IS_FREE_LOCK('batchdrain') = 1"
    )
    seen: list[bool] = []

    def look() -> None:
        seen.append(bool(server_project.sql(is_free)[0][0]))

    def make(connection: sa.Connection) -> None:
        with lock_table_creation(connection):
            look()
        if connection.dialect.name == "mysql":
            look()  # its lock is not the transaction's

    found = open_database(server_project.url)
    found.write(make)
    look()
    found.close()
    assert (seen[0], all(seen[1:])) == (False, True)


@pytest.mark.everyday("postgresql", "mariadb")
def test_locked_tables_are_read_by_nobody_else_and_are_free_afterwards(server_project: Workplace) -> None:
    on_postgresql = server_project.url.startswith("postgresql")
    quote, at_once = ('"', "SET lock_timeout = '50ms'") if on_postgresql else ("`", "SET lock_wait_timeout = 0")
    waits = "SHOW lock_timeout" if on_postgresql else "SELECT @@lock_wait_timeout"

    def can_be_read() -> bool:
        try:
            with server_project.engine.connect() as others:
                others.exec_driver_sql(at_once)
                others.execute(sa.text("SELECT count(*) FROM phases"))
        except sa.exc.OperationalError:
            return False
        return True

    def look(connection: sa.Connection) -> list[object]:
        with lock_tables(connection, [f"{quote}phases{quote}"]):
            found = [can_be_read(), *asked(connection, waits)]
        return [*found, *([] if on_postgresql else [can_be_read(), *asked(connection, waits)])]

    found = open_database(server_project.url, patience=PATIENCE)
    seen = found.write(look)
    found.close()
    assert seen == ([False, "7s"] if on_postgresql else [False, 7, True, 86_400])
    assert can_be_read()


def test_who_can_not_get_the_lock_makes_no_table_and_gives_no_lock_back() -> None:
    asked: list[str] = []

    def answer(statement: str) -> SimpleNamespace:
        asked.append(statement)
        return SimpleNamespace(scalar=lambda: 0)

    connection: Any = SimpleNamespace(dialect=SimpleNamespace(name="mysql"), exec_driver_sql=answer)
    with (
        pytest.raises(sa.exc.TimeoutError, match="another controller has been making the tables for 30 s"),
        lock_table_creation(connection),
    ):
        asked.append("made")
    assert asked == ["SELECT GET_LOCK('batchdrain', 30)"]
