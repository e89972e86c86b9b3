"""The row of a session in the ledger: each request is heard once, by the controller that it is meant for, and an end is an end."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.ledger.requests import REASON_CHARS
from batchdrain.database.ledger.session_rows import SessionRow, SessionRows
from batchdrain.model.asked import Ask, Asked
from batchdrain.runtime import clock
from tests.database.bench import NOW, Bench, opened
from tests.support.workplace import Workplace

UID = "u" * 32
VALUES: dict[str, Any] = {
    "session_id": "batch-drain-20260101-000000", "chain_uid": None, "host_id": "h", "host": "there", "ctl_pid": 7, "ctl_start": 9,
    "ttl_ms": 60_000,
}  # fmt: skip


@pytest.fixture
def rows(bench: Bench) -> SessionRows:
    return SessionRows(bench.database, bench.ledger)


@pytest.fixture
def sqlite_bench(sqlite_project: Workplace) -> Iterator[Bench]:
    yield from opened(sqlite_project, Command(argv=["true"]))


def begin(rows: SessionRows, uid: str = UID) -> int:
    return rows.begin(uid, VALUES, {"kind": "failed"}, {"processed": 0})


def of(rows: SessionRows, uid: str = UID) -> SessionRow:
    [found] = [row for row in rows.read() if row.uid == uid]
    return found


def ask(rows: SessionRows, what: Ask, reason: str = "why") -> Asked | None:
    return rows.ask(of(rows), what, by="me@here", reason=reason)


def test_a_request_is_numbered_and_heard_with_the_next_beat(rows: SessionRows) -> None:
    epoch = begin(rows)
    assert rows.beat(UID, epoch, {"processed": 1}) is None
    asked = ask(rows, Ask.PAUSE, "x" * 2 * REASON_CHARS)
    heard = rows.beat(UID, epoch, {"processed": 2})
    again = ask(rows, Ask.CONTINUE)
    assert asked is not None
    assert heard == asked
    assert (asked.number, asked.by, asked.reason) == (1, "me@here", "x" * REASON_CHARS)
    assert again is not None
    assert (again.number, of(rows).asked, dict(of(rows).progress)) == (2, again, {"processed": 2})


def test_a_session_that_was_asked_to_end_takes_only_what_ends_it_sooner(rows: SessionRows) -> None:
    cases = [
        (Ask.STOP, Ask.STOP_NOW, Ask.STOP_NOW),
        (Ask.STOP, Ask.STOP, Ask.STOP),
        (Ask.STOP, Ask.CONTINUE, Ask.STOP),
        (Ask.STOP, Ask.PAUSE, Ask.STOP),
        (Ask.STOP_NOW, Ask.STOP, Ask.STOP_NOW),
        (Ask.STOP_NOW, Ask.CONTINUE, Ask.STOP_NOW),
        (Ask.PAUSE, Ask.STOP, Ask.STOP),
        (Ask.CONTINUE, Ask.PAUSE, Ask.PAUSE),
    ]
    for former, later, counts in cases:
        begin(rows)
        ask(rows, former)
        asked = ask(rows, later)
        assert asked is not None
        assert (asked.ask, of(rows).asked) == (counts, asked), (former, later)


def test_of_two_who_ask_at_once_both_are_numbered(rows: SessionRows) -> None:
    begin(rows)
    seen = of(rows)
    numbers = [asked.number for _ in "ab" if (asked := rows.ask(seen, Ask.PAUSE, by="me", reason="")) is not None]
    assert numbers == [1, 2]


def lose_one_answer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next commit is done, and nobody hears of it."""
    commit, error = bench.database.engine.dialect.do_commit, sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY

    def once(connection: Any) -> None:
        monkeypatch.setattr(bench.database.engine.dialect, "do_commit", commit)
        commit(connection)
        raise error

    monkeypatch.setattr(bench.database.engine.dialect, "do_commit", once)


def test_what_is_asked_between_two_tries_of_a_beginning_is_heard(
    sqlite_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, heard = SessionRows(sqlite_bench.database, sqlite_bench.ledger), list[Asked | None]()
    sqlite_bench.database.on_retry = lambda *_: heard.append(ask(rows, Ask.STOP))
    lose_one_answer(sqlite_bench, monkeypatch)

    epoch = begin(rows)

    assert [asked and asked.ask for asked in heard] == [Ask.STOP]
    assert (epoch, rows.beat(UID, epoch, {})) == (1, heard[0])


def test_whoever_goes_on_after_a_beginning_of_ours_that_nobody_answered_is_not_taken_for_us(
    sqlite_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, other = SessionRows(sqlite_bench.database, sqlite_bench.ledger), {**VALUES, "ctl_pid": 8}
    sqlite_bench.database.on_retry = lambda *_: heard.append(rows.begin(UID, other, {}, {}))
    heard: list[int] = []
    lose_one_answer(sqlite_bench, monkeypatch)
    assert (begin(rows), heard) == (3, [2])


def test_whoever_goes_on_with_a_session_hears_nothing_of_what_was_asked_of_the_former_controller(rows: SessionRows) -> None:
    former = begin(rows)
    seen = of(rows)
    ask(rows, Ask.STOP)
    rows.end(UID, former, "interrupted")
    epoch = begin(rows)
    assert (epoch, rows.beat(UID, epoch, {})) == (former + 1, None)
    assert (of(rows).ended_ms, of(rows).status) == (None, None)
    assert rows.ask(seen, Ask.STOP, by="me", reason="") is None, "it is another's by now"
    assert of(rows).asked is None


def test_a_former_controller_neither_beats_nor_ends_the_session_of_the_one_that_goes_on(
    rows: SessionRows, bench: Bench
) -> None:
    former, epoch = begin(rows), begin(rows)
    bench.work.sql("UPDATE batchdrain_session SET beat_ms = 5")
    assert rows.beat(UID, former, {"processed": 99}) is None
    rows.end(UID, former, "complete", {"processed": 99})
    assert bench.work.sql("SELECT beat_ms, ended_ms, status FROM batchdrain_session") == [(5, None, None)]
    assert dict(of(rows).progress) == {"processed": 0}
    rows.end(UID, epoch, "complete")
    assert of(rows).status == "complete"


def test_a_session_that_has_ended_is_asked_for_nothing_and_runs_no_more(rows: SessionRows) -> None:
    begin(rows, "v" * 32)
    epoch = begin(rows)
    seen = of(rows)
    rows.end(UID, epoch, "complete")
    assert rows.ask(seen, Ask.STOP, by="me", reason="") is None
    assert of(rows).asked is None
    assert [row.uid for row in rows.read(running=True)] == ["v" * 32]


def test_a_session_is_silent_once_its_time_is_over_and_it_has_not_ended(rows: SessionRows, bench: Bench) -> None:
    epoch = begin(rows)
    assert not of(rows).is_silent
    bench.work.sql("UPDATE batchdrain_session SET beat_ms = beat_ms - 61000")
    assert of(rows).is_silent
    rows.end(UID, epoch, "complete")
    assert not of(rows).is_silent


def test_what_ended_or_gave_its_last_sign_of_life_before_is_old(rows: SessionRows, bench: Bench) -> None:
    rows.end(UID, begin(rows), "complete")
    begin(rows, "v" * 32)
    now_ms = clock.to_ms(NOW)
    assert rows.read_old(now_ms - 86_400_000) == []
    bench.work.sql("UPDATE batchdrain_session SET beat_ms = 5")
    assert rows.read_old(now_ms - 86_400_000) == ["v" * 32]
    rows.forget(["v" * 32])
    assert [row.uid for row in rows.read()] == [UID]
