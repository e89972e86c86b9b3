"""How long a connection may be silent, how long it may make progress, and how much of an answer it may hold."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database import deadlines
from batchdrain.database.connection import open_database
from batchdrain.database.deadlines import _OPERATIONS, _Watched
from batchdrain.runtime.resources import MOST_OF_AN_ANSWER

SILENT = "the server did not answer within 30 s (patience.operation_s)"
ENDLESS = "the server did not finish within 600 s"
HUGE = "the server's answer took more than 512 MB of memory"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Any:
    found = SimpleNamespace(now=1_000.0, bytes=5_000)
    monkeypatch.setattr(deadlines.time, "monotonic", lambda: found.now)  # type: ignore[attr-defined]
    monkeypatch.setattr(deadlines, "resident_bytes", lambda: found.bytes)
    return found


@pytest.fixture
def watched(machine: Any) -> Iterator[_Watched]:
    ours, theirs = socket.socketpair()
    yield _Watched(ours, 30.0, machine)
    ours.close()
    theirs.close()


def test_a_connection_that_nobody_uses_may_be_silent_and_one_that_rests_again_too(watched: _Watched) -> None:
    assert watched.problem(10**9, 10**12) is None
    watched.use()
    watched.rest()
    assert watched.problem(10**9, 10**12) is None


@pytest.mark.parametrize(("after_s", "problem"), [(29.9, None), (30.0, SILENT), (599.9, SILENT), (600.0, ENDLESS)])
def test_a_server_that_says_nothing_has_the_time_of_one_operation(
    watched: _Watched, machine: Any, after_s: float, problem: str | None
) -> None:
    watched.use()
    assert watched.problem(machine.now + after_s, machine.bytes) == problem


def test_progress_renews_the_time_of_an_operation_but_not_that_of_the_whole(watched: _Watched, machine: Any) -> None:
    watched.use()
    for _ in range(_OPERATIONS):
        machine.now += 29
        watched.renew()
        assert watched.problem(machine.now, machine.bytes) is None
    machine.now += 20
    assert watched.problem(machine.now, machine.bytes) == ENDLESS, "20 s after its last progress, 600 s after it began"
    watched.use()
    assert watched.problem(machine.now + 29, machine.bytes) is None, "the next part has its own time"


@pytest.mark.parametrize(("more", "problem"), [(MOST_OF_AN_ANSWER, None), (MOST_OF_AN_ANSWER + 1, HUGE)])
def test_an_answer_is_ended_that_takes_more_memory_than_there_was_when_it_began(
    watched: _Watched, machine: Any, more: int, problem: str | None
) -> None:
    watched.use()
    assert watched.problem(machine.now, machine.bytes + more) == problem
    machine.bytes += more
    watched.renew()
    assert watched.problem(machine.now, machine.bytes) is None


def test_who_waits_is_told_why_it_was_ended_once_and_nobody_else_is(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines.sa.event, "listen", lambda *_: None)  # type: ignore[attr-defined]
    ours: Any = deadlines.Deadlines(None, 30.0, 20.0, None)  # type: ignore[arg-type]
    ours._problems = {threading.get_ident(): "late", -1: "another's"}
    assert [ours.take_problem(), ours.take_problem()] == ["late", None]
    assert ours._problems == {-1: "another's"}


@pytest.mark.everyday("postgresql")
def test_a_statement_looks_at_no_memory_itself(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes longer to read than many a statement."""
    database, lookers = open_database(postgresql_url), set[int]()

    def look() -> int:
        lookers.add(threading.get_ident())
        return 0

    with database.read() as connection:
        monkeypatch.setattr(deadlines, "resident_bytes", look)
        for _ in range(5):
            connection.execute(sa.select(sa.literal(1))).all()
    database.close()
    assert threading.get_ident() not in lookers


@pytest.mark.everyday("postgresql")
def test_a_connection_is_watched_from_its_login_on_while_somebody_uses_it(postgresql_url: str) -> None:
    database = open_database(postgresql_url)
    found: Any = database._deadlines
    first: list[Any] = []
    sa.event.listen(database.engine, "connect", lambda _, record: first.append(record.info[deadlines._KEY].due))
    with database.read() as connection:
        [watched] = found._watched
        assert (first != [None], watched.due is None, watched.user) == (True, False, threading.get_ident())
        connection.execute(sa.select(sa.literal(1))).all()
        assert watched.before is None, "the whole answer is there"
        paged = connection.execution_options(stream_results=True, yield_per=1).execute(sa.select(sa.literal(1)))
        assert watched.before is not None, "the answer comes page by page"
        assert len(paged.all()) == 1
        for go_on in (deadlines.renew, deadlines.restart):
            watched.rest()
            go_on(connection)
            assert watched.due is not None
    assert watched.due is None
    with database.read():
        assert (found._watched, watched.due is None) == ({watched}, False)
    database.close()
    assert found._watched == set()
