"""Which errors of a transaction are tried again, how often, and what becomes of the others."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from tenacity import wait_fixed

from batchdrain.config.settings import Patience
from batchdrain.database import retrying
from batchdrain.database.connection import Database, open_database
from batchdrain.database.driver_errors import RowLocked, StatementLost
from batchdrain.database.retrying import TRIES
from batchdrain.drain.shutdown import Wake
from batchdrain.model.errors import ConfigError, DatabaseUnavailable
from tests.database.test_what_errors_mean import Postgres, Sqlite, mysql, raised
from tests.support.workplace import Workplace

LOCKED, BUSY, LARGE = raised(Postgres("55P03")), raised(Sqlite(5)), raised(mysql(2013), params={"a": "x" * 9_000}, lost=True)


@pytest.fixture
def database(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    found = open_database(sqlite_url)
    yield found
    found.close()


class Work:
    """Fails so often, and then gives 7."""

    def __init__(self, error: BaseException, times: int) -> None:
        self.error, self.times, self.calls = error, times, 0

    def __call__(self, connection: sa.Connection) -> int:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return int(connection.exec_driver_sql("SELECT 7").scalar_one())


@pytest.mark.parametrize("times", [0, 1, 3, TRIES - 1])
def test_a_transaction_is_repeated_until_it_works_and_each_repetition_is_told(database: Database, times: int) -> None:
    told: list[tuple[str, int]] = []
    database.on_retry = lambda error, number: told.append((error, number))
    work = Work(BUSY, times)
    assert (database.write(work), work.calls, TRIES) == (7, times + 1, 8)
    assert [number for _, number in told] == list(range(1, times + 1))


def test_after_eight_tries_it_is_an_outage(database: Database) -> None:
    work = Work(BUSY, TRIES)
    with pytest.raises(DatabaseUnavailable, match="said by the library"):
        database.write(work)
    assert work.calls == TRIES


@pytest.mark.parametrize(
    ("error", "may_wait", "becomes", "calls"),
    [
        (LOCKED, False, RowLocked, 1),
        (LARGE, True, StatementLost, 3),
        (raised(mysql(2013), params={"a": "x"}, lost=True), True, StatementLost, TRIES),
        (raised(mysql(2013), statement=None, lost=True), True, DatabaseUnavailable, TRIES),
        (raised(Postgres("53300")), True, DatabaseUnavailable, 1),
        (raised(Postgres("42P01")), True, ConfigError, 1),
        (raised(Postgres("23505"), kind=sa.exc.IntegrityError), True, sa.exc.IntegrityError, 1),
        (KeyError("ours"), True, KeyError, 1),
    ],
    ids=["a lock", "a large text", "a small text", "at the commit", "no room", "no table", "a key", "ours"],
)  # fmt: skip
def test_what_does_not_go_away_is_told_as_what_it_is(
    database: Database, error: BaseException, may_wait: bool, becomes: type[Exception], calls: int
) -> None:
    work = Work(error, 99)
    with pytest.raises(becomes) as caught:
        database.write(work, may_wait=may_wait)
    assert (type(caught.value), work.calls) == (becomes, calls)
    assert not isinstance(caught.value, DatabaseUnavailable) or caught.value.remedy
    if isinstance(caught.value, StatementLost):
        assert "at the last try at one statement, while a new connection works" in caught.value.message


RACES = [raised(Postgres("40001")), raised(Postgres("40P01")), raised(mysql(1213)), raised(mysql(1205)), LOCKED]


@pytest.mark.parametrize("error", RACES, ids=lambda error: str(error.orig)[:30])
def test_a_transaction_that_only_met_another_one_is_tried_until_it_wins(database: Database, error: BaseException) -> None:
    work = Work(error, 5 * TRIES)
    assert (database.write(work), work.calls) == (7, 5 * TRIES + 1)


@pytest.mark.parametrize("lost", [LARGE, raised(mysql(2013), params={"a": "x"}, lost=True)], ids=["large", "small"])
@pytest.mark.parametrize("may_wait", [True, False])
def test_a_connection_that_breaks_after_many_lost_races_is_no_fault_of_the_statement(
    database: Database, lost: BaseException, may_wait: bool
) -> None:
    class Mixed(Work):
        def __call__(self, connection: sa.Connection) -> int:
            self.error = RACES[0] if self.calls < TRIES else lost
            return super().__call__(connection)

    work = Mixed(lost, TRIES + 1)
    assert (database.write(work, may_wait=may_wait), work.calls) == (7, TRIES + 2)


@pytest.mark.parametrize(("may_wait", "limit"), [(True, "operation_s"), (False, "lock_s")])
def test_a_race_that_is_never_won_ends_with_the_time_of_an_operation_or_of_a_locked_row(
    database: Database, may_wait: bool, limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, patience = [0.0], Patience(operation_s=40, lock_s=8)
    monkeypatch.setattr("tenacity.time", SimpleNamespace(monotonic=lambda: now[0], sleep=None))
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: now.__setitem__(0, now[0] + 1))
    database.patience = patience
    work = Work(RACES[0], 99)
    with pytest.raises(DatabaseUnavailable):
        database.write(work, may_wait=may_wait)
    assert work.calls == 2 + getattr(patience, limit)


@pytest.mark.parametrize("code", ["40001", "40P01", 1213])
def test_on_a_server_a_claims_race_that_is_never_won_is_a_locked_row_and_no_outage(
    server_project: Workplace, code: str | int
) -> None:
    """The server itself tells of it; other rows go on."""
    if isinstance(code, int) != server_project.url.startswith("mysql"):
        pytest.skip("a code of the other server")
    told, patience = list[str](), Patience(lock_s=0.3)
    raises = (
        f"BEGIN NOT ATOMIC SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'Deadlock found'; END"
        if isinstance(code, int)
        else f"DO $$ BEGIN RAISE EXCEPTION SQLSTATE '{code}'; END $$"
    )
    database = open_database(server_project.url, patience=patience)
    database.on_retry = lambda why, _: told.append(why)
    with pytest.raises(RowLocked):
        database.write(lambda connection: connection.exec_driver_sql(raises), may_wait=False)
    database.close()
    assert told


def test_a_lock_that_comes_after_another_trouble_is_not_waited_for_either(database: Database) -> None:
    errors: list[BaseException] = [raised(Postgres("40001")), LOCKED]

    def work(_: sa.Connection) -> Any:
        raise errors.pop(0)

    with pytest.raises(RowLocked):
        database.write(work, may_wait=False)
    assert errors == []


def test_nothing_of_a_transaction_that_failed_stands_and_a_whole_one_does(database: Database) -> None:
    def work(connection: sa.Connection) -> None:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        raise KeyError

    with pytest.raises(KeyError):
        database.write(work)
    database.write(lambda connection: connection.exec_driver_sql("CREATE TABLE u (x)"))
    with database.read() as connection:
        assert sa.inspect(connection).get_table_names() == ["u"]


def test_what_a_read_meets_is_told_as_ours(database: Database) -> None:
    with pytest.raises(ConfigError, match="no such table"), database.read() as connection:
        connection.exec_driver_sql("SELECT * FROM absent")
    with pytest.raises(KeyError), database.read():
        raise KeyError


@pytest.fixture
def hurry(database: Database) -> Iterator[Wake]:
    """Set by SIGUSR1. Without it each wait, and all tries together, would last longer than any test may."""
    database.hurry, database.patience = Wake(), Patience(operation_s=86_400, lock_s=86_400)
    before = signal.signal(signal.SIGUSR1, lambda *_: found.set())
    with contextlib.closing(found := database.hurry):
        yield found
    signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("error", [RACES[0], BUSY], ids=["a lost race", "the library"])
@pytest.mark.parametrize(("number", "calls"), [(1, 2), (2, 3)], ids=["before the first wait", "while it waits"])
def test_a_signal_ends_the_wait_between_two_tries_and_soon_the_tries(
    database: Database, hurry: Wake, monkeypatch: pytest.MonkeyPatch, error: BaseException, number: int, calls: int
) -> None:
    monkeypatch.setattr(retrying, "wait_random_exponential", lambda **_: wait_fixed(3_600))
    monkeypatch.setattr(retrying, "HURRIED_S", 0.0)
    sender = threading.Thread(target=os.kill, args=(os.getpid(), signal.SIGUSR1))
    database.on_retry = lambda _, next_one: sender.start() if next_one == number else None
    work = Work(error, 99)
    if number == 1:
        hurry.set()
    with pytest.raises(DatabaseUnavailable):
        database.write(work)
    sender.join()
    assert work.calls == calls


def test_after_a_signal_a_transaction_that_only_met_another_one_is_tried_a_little_more_and_may_win(
    database: Database, hurry: Wake
) -> None:
    """So what has ended by then is still recorded: the tries go on, with short waits."""
    hurry.set()
    work = Work(RACES[0], 5)
    assert (database.write(work), work.calls) == (7, 6)
