"""Who waits for the database is told so, but not of every moment."""

from __future__ import annotations

import itertools
from typing import NoReturn

import pytest
import sqlalchemy as sa

from batchdrain.database import silence_notice
from batchdrain.database.silence_notice import SILENT_S, SilenceNotice
from batchdrain.model.errors import FilesUnavailable
from tests.support.workplace import wait_for


def test_a_wait_is_told_once_it_lasts_for_seconds_and_no_earlier(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 1.0, SILENT_S - 0.1, SILENT_S])
    told, told_by_then = list[str](), list[int]()

    def clock() -> float:
        told_by_then.append(len(told))
        return next(times, SILENT_S)

    monkeypatch.setattr(silence_notice, "monotonic", clock)
    notice = SilenceNotice("sqlite:///x.db", told.append)
    notice.await_answer(600)
    wait_for(lambda: len(told_by_then) > 4, "a look at it after it was told")
    notice.close()
    assert told_by_then[:5] == [0, 0, 0, 0, 1]
    assert told == ["waiting for database sqlite:///x.db to answer, for 600 s at most (patience.operation_s)"]


@pytest.fixture
def long_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is waited for has been waited for long enough."""
    moments = itertools.count(0.0, SILENT_S)
    monkeypatch.setattr(silence_notice, "monotonic", lambda: next(moments))
    monkeypatch.setattr(silence_notice, "_LOOK_S", 0.01)


@pytest.mark.usefixtures("long_ago")
def test_a_sentence_is_told_once_and_each_kind_of_wait_has_its_own() -> None:
    told: list[str] = []
    notice = SilenceNotice("d", told.append)
    notice.await_login(20)
    wait_for(lambda: told, "the first")
    notice.await_answer(30)
    wait_for(lambda: len(told) == 2, "the second")
    notice.await_login(20)
    notice.await_answer(40)
    wait_for(lambda: len(told) == 3, "the third")
    notice.close()
    assert told == [
        "waiting for database d to finish the login, for 20 s at most",
        "waiting for database d to answer, for 30 s at most (patience.operation_s)",
        "waiting for database d to answer, for 40 s at most (patience.operation_s)",
    ]


@pytest.mark.usefixtures("long_ago")
def test_what_came_is_waited_for_no_more_and_after_the_end_nothing_is_told() -> None:
    told: list[str] = []
    notice = SilenceNotice("d", told.append)
    notice.await_answer(30)
    notice.end()
    notice.end()
    assert notice._waits == {}
    notice.close()
    notice.await_answer(50)
    assert notice._waits == {}


def test_where_nobody_is_to_be_told_nothing_is_watched() -> None:
    engine, notice = sa.create_engine("sqlite://"), SilenceNotice("d", None)
    notice.listen(engine, 30)
    notice.await_answer(30)
    assert (notice._waits, notice._thread, notice._listeners) == ({}, None, [])


@pytest.mark.parametrize(("url", "awaits_login"), [("sqlite://", True), ("postgresql+psycopg://h/d", False)])
def test_each_statement_is_watched_until_it_ends_and_not_after_the_notice_is_closed(url: str, awaits_login: bool) -> None:
    engine, notice = sa.create_engine(url), SilenceNotice("d", lambda _: None)
    notice.listen(engine, 30)
    heard = [event for _, event, _ in notice._listeners]
    assert ("do_connect" in heard) is awaits_login
    assert {"before_cursor_execute", "after_cursor_execute", "handle_error", "checkout"} <= set(heard)
    if url == "sqlite://":
        waits: list[int] = []
        sa.event.listen(engine, "before_cursor_execute", lambda *_: waits.append(len(notice._waits)))
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            with pytest.raises(sa.exc.OperationalError):
                connection.exec_driver_sql("nonsense")
            assert (waits, notice._waits) == ([1, 1], {})
            notice.close()
            connection.exec_driver_sql("SELECT 1")
            assert (waits[2:], notice._listeners) == ([0], [])
    notice.close()


def test_where_no_thread_can_begin_the_work_goes_on_and_nothing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: int) -> NoReturn:
        raise FilesUnavailable("no room", remedy="")

    monkeypatch.setattr(silence_notice, "require_room", refuse)
    notice = SilenceNotice("d", lambda _: None)
    notice.await_answer(30)
    assert (notice._thread, notice._over.is_set()) == (None, True)
