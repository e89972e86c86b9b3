"""How a database is opened and made ready, whoever else uses it."""

from __future__ import annotations

import sqlite3
import struct
from types import SimpleNamespace
from typing import Any, NoReturn

import pymysql
import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Patience
from batchdrain.database import dialects
from batchdrain.database.connection import open_database
from batchdrain.model.errors import ConfigError, DatabaseUnavailable
from tests.database.test_what_errors_mean import Postgres, raised


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


@pytest.mark.parametrize("in_session", [True, False])
def test_where_we_ended_an_operation_ourselves_our_reason_is_told_and_not_the_drivers(
    sqlite_url: str, in_session: bool
) -> None:
    problems = [None, "the server did not answer within 30 s", None, None]
    database = open_database(sqlite_url)
    database.in_session = in_session
    database._deadlines = SimpleNamespace(take_problem=lambda: problems.pop(0), close=lambda: None)  # type: ignore[assignment]

    def fail(_: sa.Connection) -> NoReturn:
        raise sa.exc.ProgrammingError("SELECT", {}, sqlite3.ProgrammingError("no such table"))

    with pytest.raises(DatabaseUnavailable, match="did not answer within 30 s") as caught:
        database.write(fail)
    assert ("`inv resume`" in caught.value.remedy) is in_session
    database.close()


@pytest.mark.parametrize("url", ["postgresql://u@h/d", "mysql+pymysql://u@h/d"])
def test_a_database_that_is_closed_watches_no_more(url: str) -> None:
    database = open_database(url)
    deadlines: Any = database._deadlines
    assert not deadlines._over.is_set()
    database.close()
    assert (deadlines._over.is_set(), database.silence._over.is_set()) == (True, True)


@pytest.mark.parametrize("error", [struct.error("unpack"), IndexError("x"), AssertionError(), RuntimeError("x")])
def test_an_answer_that_is_no_mysql_makes_its_connection_useless(error: Exception) -> None:
    """PyMySQL raises any error of Python's then."""
    database = open_database("mysql+pymysql://u@h/d")
    assert sa.event.contains(database.engine, "handle_error", dialects._give_up_on_garbage)
    context: Any = SimpleNamespace(original_exception=error, dialect=database.engine.dialect, is_disconnect=False)
    with pytest.raises(
        sa.exc.OperationalError, match=f"does not speak the protocol of mysql .{type(error).__name__}"
    ) as caught:
        dialects._give_up_on_garbage(context)
    assert (context.is_disconnect, caught.value.connection_invalidated) == (True, True)
    database.close()


def test_an_error_of_the_driver_itself_is_left_as_it_is() -> None:
    context: Any = SimpleNamespace(
        original_exception=pymysql.err.OperationalError(1213, "x"), dialect=None, is_disconnect=False
    )
    dialects._give_up_on_garbage(context)
    assert not context.is_disconnect


def refuse(database: Any) -> NoReturn:
    """As a server does that does not let us in."""
    with database.read():
        raise raised(Postgres("28P01"))


def test_what_refuses_us_is_an_outage_once_a_file_was_written_or_a_server_answered(
    sqlite_url: str, postgresql_url: str
) -> None:
    file, server = open_database(sqlite_url), open_database(postgresql_url)
    with pytest.raises(ConfigError):
        refuse(file)
    file.write(lambda _: None)
    for database in (file, server):
        with pytest.raises(DatabaseUnavailable):
            refuse(database)
        database.close()


def test_a_text_that_is_no_utf8_is_read_and_given_back_byte_for_byte(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.read() as connection:
        found = connection.exec_driver_sql("SELECT CAST(x'61ff' AS TEXT)").scalar_one()
    database.close()
    assert (found, found.encode("utf-8", "surrogateescape")) == ("a\udcff", b"a\xff")
