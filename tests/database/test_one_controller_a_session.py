"""The row of a session: one controller at a time writes it, and what is asked of it reaches that one alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.ledger.session_rows import SessionRow, SessionRows
from batchdrain.model.asked import Ask
from tests.database.bench import Bench, opened
from tests.support.workplace import Workplace

UID = "a" * 32
ME: dict[str, Any] = {
    "session_id": "s", "chain_uid": None, "host_id": "boot", "host": "here", "ctl_pid": 7, "ctl_start": 70, "ttl_ms": 1_000,
}  # fmt: skip


@pytest.fixture
def local(sqlite_project: Workplace) -> Iterator[Bench]:
    yield from opened(sqlite_project, Command(argv=["true"]))


@pytest.fixture
def rows(local: Bench) -> SessionRows:
    return SessionRows(local.database, local.ledger)


def begin(rows: SessionRows, uid: str = UID) -> int:
    return rows.begin(uid, ME, {"kind": "failed"}, {"processed": 0})


def only(rows: SessionRows) -> SessionRow:
    [found] = rows.read()
    return found


def asked(rows: SessionRows, ask: Ask, row: SessionRow | None = None) -> tuple[int, str] | None:
    found = rows.ask(row or only(rows), ask, by="me", reason="why")
    return None if found is None else (found.number, found.ask.value)


def test_whoever_goes_on_with_a_session_hears_nothing_that_was_asked_of_the_one_before(rows: SessionRows) -> None:
    assert begin(rows) == 1
    assert asked(rows, Ask.STOP) == (1, "stop")
    heard = rows.beat(UID, 1, {"processed": 3})
    assert heard is not None
    assert (heard.number, heard.ask, heard.by, heard.reason) == (1, Ask.STOP, "me", "why")
    rows.end(UID, 1, "interrupted")

    assert begin(rows) == 2
    now = only(rows)
    assert (now.epoch, now.status, now.ended_ms, now.asked, now.progress) == (2, None, None, None, {"processed": 0})
    assert rows.beat(UID, 2, {}) is None
    assert asked(rows, Ask.PAUSE) == (2, "pause"), "no two requests of a session have one number"


def test_what_a_former_controller_writes_reaches_no_session_that_another_one_has(rows: SessionRows) -> None:
    begin(rows)
    begin(rows)
    asked(rows, Ask.STOP)
    assert rows.beat(UID, 1, {"processed": 9}) is None
    rows.end(UID, 1, "complete", {"processed": 9})
    assert (only(rows).status, only(rows).progress) == (None, {"processed": 0})
    rows.end(UID, None, "interrupted")
    assert only(rows).status == "interrupted", "a dead one is ended whatever epoch it has"


def test_what_ends_a_session_is_taken_back_by_nothing_and_only_hurried(rows: SessionRows) -> None:
    begin(rows)
    assert asked(rows, Ask.PAUSE) == (1, "pause")
    assert asked(rows, Ask.CONTINUE) == (2, "continue")
    assert asked(rows, Ask.STOP) == (3, "stop")
    assert asked(rows, Ask.CONTINUE) == (3, "stop")
    assert asked(rows, Ask.STOP_NOW) == (4, "stop-now")
    assert asked(rows, Ask.STOP) == (4, "stop-now")


def test_a_session_that_ended_or_has_another_controller_by_now_is_asked_for_nothing(rows: SessionRows) -> None:
    begin(rows)
    seen = only(rows)
    begin(rows)
    assert asked(rows, Ask.STOP, seen) is None
    seen = only(rows)
    rows.end(UID, 2, "complete")
    assert asked(rows, Ask.STOP, seen) is None
    assert only(rows).asked is None


def test_the_sessions_of_another_table_are_not_ours(rows: SessionRows, local: Bench) -> None:
    others = SessionRows(local.database, replace(local.ledger, source="others"))
    begin(rows)
    begin(others)
    begin(others, "b" * 32)
    assert [row.uid for row in rows.read()] == [UID]
    rows.end(UID, None, "complete")
    assert rows.read(running=True) == []
    assert len(others.read(running=True)) == 2
    rows.forget([UID, "b" * 32])
    assert (rows.read(), len(others.read())) == ([], 2)
    rows.forget([])


def test_a_session_is_old_by_its_end_and_else_by_its_last_sign_of_life(rows: SessionRows, local: Bench) -> None:
    for uid, begun, beat, end in (("a", 1, 9, 5), ("b", 2, 4, None), ("c", 3, 9, None), ("d", 4, 1, 9)):
        begin(rows, uid * 32)
        local.work.sql(
            f"UPDATE batchdrain_session SET begun_ms = {begun}, beat_ms = {beat}, ended_ms = {end or 'NULL'} "
            f"WHERE session_uid = '{uid * 32}'"
        )
    assert [row.uid[0] for row in rows.read()] == ["d", "c", "b", "a"], "the newest first"
    assert [row.uid[0] for row in rows.read(running=True)] == ["c", "b"]
    assert sorted(uid[0] for uid in rows.read_old(6)) == ["a", "b"]
    assert sorted(uid[0] for uid in rows.read_old(5)) == ["b"]


def test_only_a_session_that_runs_can_be_silent(rows: SessionRows) -> None:
    begin(rows)
    now = only(rows)
    ages = [replace(now, beat_age_ms=age).is_silent for age in (1_000, 1_001)]
    assert (ages, replace(now, beat_age_ms=9_999, ended_ms=5).is_silent) == ([False, True], False)
    assert (now.controller.pid, now.controller.start, now.controller.host_id) == (7, 70, "boot")
