"""How a database is opened and made ready, whoever else uses it."""

from __future__ import annotations

import sqlite3

import sqlalchemy as sa

from batchdrain.config.settings import Patience
from batchdrain.database.connection import open_database


def test_a_database_that_somebody_uses_is_made_ready_once_they_are_done(sqlite_url: str) -> None:
    """SQLite refuses at once to change its journal while another transaction runs."""
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("CREATE TABLE t (x)")
    other.execute("BEGIN IMMEDIATE")
    refused: list[str] = []

    def when_refused(error: str, _: int) -> None:
        refused.append(error)
        if other.in_transaction:
            other.execute("COMMIT")

    database = open_database(sqlite_url)
    database.on_retry = when_refused
    database.prepare_for_writing()

    assert refused != []
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    other.close()
    database.close()


def test_a_transaction_on_sqlite_takes_the_connection_that_was_used_last(sqlite_url: str) -> None:
    """If two took turns, each would read every page anew that the other has written."""
    sqlite3.connect(sqlite_url.removeprefix("sqlite:///")).close()
    database = open_database(sqlite_url)
    with database.read() as one, database.read() as other:  # a second connection, as the heartbeat's
        assert id_of(one) != id_of(other)
    used = {database.write(id_of) for _ in range(4)}
    database.close()

    assert len(used) == 1


def test_the_server_keeps_no_statement_of_ours(postgresql_url: str) -> None:
    """A session may be a pooler's, and a table may be altered."""
    database = open_database(postgresql_url)
    with database.read() as connection:
        for number in range(20):
            connection.execute(sa.select(sa.literal(number))).all()
        kept = connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements").scalar()
    database.close()

    assert kept == 0


def test_a_locked_file_is_waited_for_as_many_seconds_as_one_operation_may_take(sqlite_url: str) -> None:
    database = open_database(sqlite_url, patience=Patience(operation_s=2.5))
    with database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 2_500  # milliseconds
    database.close()


def id_of(connection: sa.Connection) -> int:
    """Which of the driver's connections it is."""
    return id(connection.connection.dbapi_connection)
