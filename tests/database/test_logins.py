"""A login ends by the clock, whatever the server does; and what comes too late is closed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from batchdrain.database import login
from batchdrain.database.login import Login
from batchdrain.model.errors import ConfigError
from batchdrain.runtime.resources import MOST_OF_AN_ANSWER
from tests.support.workplace import DEADLINE_S


class DriverError(Exception):
    """All errors of a driver have one base."""


class Connection:
    def __init__(self) -> None:
        self.closed = threading.Event()

    def close(self) -> None:
        self.closed.set()


def dialect_of(connect: Callable[..., Any], driver: str = "psycopg") -> Any:
    dbapi = SimpleNamespace(Error=DriverError, OperationalError=DriverError)
    return SimpleNamespace(driver=driver, name="postgresql", connect=connect, loaded_dbapi=dbapi)


def raising(error: Exception) -> Callable[..., NoReturn]:
    def connect(*_: Any, **__: Any) -> NoReturn:
        raise error

    return connect


def test_a_connection_is_made_with_all_that_the_driver_gets() -> None:
    made, seen = Connection(), []

    def connect(*arguments: Any, **settings: Any) -> Connection:
        seen.append((arguments, settings))
        return made

    assert Login(dialect_of(connect), ["a"], {"port": 1}).within(DEADLINE_S) is made
    assert (seen, made.closed.is_set()) == ([(("a",), {"port": 1})], False)


def test_a_login_that_does_not_end_is_given_up_and_its_connection_is_closed_when_it_comes() -> None:
    made, go_on = Connection(), threading.Event()

    def connect() -> Connection:
        go_on.wait(DEADLINE_S)
        return made

    with pytest.raises(DriverError, match=r"the server did not finish the login within 0\.05 s"):
        Login(dialect_of(connect), [], {}).within(0.05)
    assert not made.closed.is_set()
    go_on.set()
    assert made.closed.wait(DEADLINE_S)


def test_a_login_that_sends_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    used, go_on, made = [0, MOST_OF_AN_ANSWER, MOST_OF_AN_ANSWER + 1], threading.Event(), Connection()

    def connect() -> Connection:
        go_on.wait(DEADLINE_S)
        return made

    monkeypatch.setattr(login, "resident_bytes", lambda: used.pop(0))
    monkeypatch.setattr(login, "_LOOK_S", 0.01)
    with pytest.raises(DriverError, match="sent more than 512 MB before the login was over"):
        Login(dialect_of(connect), [], {}).within(DEADLINE_S)
    go_on.set()
    assert made.closed.wait(DEADLINE_S)
    assert used == []


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (DriverError("refused"), DriverError, "refused"),
        (IndexError("x"), DriverError, r"what answers does not speak the protocol of postgresql \(IndexError\)"),
        (RuntimeError("can't start new thread"), RuntimeError, "can't start new thread"),
    ],
)
def test_what_the_driver_says_is_told_and_what_it_stumbles_over_is_no_protocol(
    error: Exception, kind: type[Exception], says: str
) -> None:
    with pytest.raises(kind, match=says):
        Login(dialect_of(raising(error)), [], {}).within(DEADLINE_S)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (FileNotFoundError(2, "No such file"), "database_url: No such file"),
        *((error, rf"the driver does not accept its user, password or options \({type(error).__name__}\)") for error in (
            TypeError("hunter2"), ValueError("hunter2"), KeyError("hunter2"), NotImplementedError("hunter2"),
        )),
    ],
)  # fmt: skip
def test_what_pymysql_does_not_take_is_a_fault_of_the_url_and_shows_nothing_of_it(error: Exception, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        Login(dialect_of(raising(error), "pymysql"), [], {}).within(DEADLINE_S)
    assert "hunter2" not in str(caught.value)


def test_the_socket_of_pymysql_is_shut_down_where_nothing_else_would_end_its_thread() -> None:
    ours, theirs = socket.socketpair()

    class Deferred(Connection):
        _sock = ours

        def connect(self) -> None:
            ours.recv(1)
            raise DriverError("the end of the socket")

    made = Deferred()

    def connect(*, defer_connect: bool) -> Deferred:
        assert defer_connect
        return made

    with pytest.raises(DriverError, match="did not finish the login"):
        Login(dialect_of(connect, "pymysql"), [], {}).within(0.05)
    theirs.settimeout(DEADLINE_S)
    assert theirs.recv(1) == b""
    assert not made.closed.is_set(), "a connection that failed is closed already"
    ours.close()
    theirs.close()
