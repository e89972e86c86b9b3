"""What is read and written of one session's row touches no other session, no other table and no other controller."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.config.settings import Command, Source
from batchdrain.database.connection import open_database
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.ledger.session_rows import SessionRows
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.asked import Ask
from tests.database.bench import Bench, opened
from tests.database.test_session_rows import VALUES, of
from tests.support.workplace import Workplace

A, B, C = ("a" * 32, "b" * 32, "c" * 32)
IN_ORDER = "SELECT source, session_uid, {} FROM batchdrain_session ORDER BY source, session_uid"


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    yield from opened(sqlite_project, Command(argv=["true"]))


@pytest.fixture
def rows(bench: Bench) -> SessionRows:
    """Two sessions, and the same two of another table."""
    found = SessionRows(bench.database, bench.ledger)
    for uid, chain in ((A, "x" * 32), (B, None)):
        found.begin(uid, {**VALUES, "chain_uid": chain}, {"workers": 1 if uid == A else 2}, {"processed": 0})
    bench.work.sql("CREATE TABLE copied AS SELECT * FROM batchdrain_session")
    bench.work.sql("UPDATE copied SET source = 'others'")
    bench.work.sql("INSERT INTO batchdrain_session SELECT * FROM copied")
    return found


def values(bench: Bench, column: str) -> list[Any]:
    """Of ours first and then of the other table: of A and of B each."""
    found = bench.work.sql(IN_ORDER.format(column))
    return [one[2] for one in sorted(found, key=lambda one: (one[0] != "phases", one[1]))]


def test_a_beat_is_of_one_row(rows: SessionRows, bench: Bench) -> None:
    bench.work.sql("UPDATE batchdrain_session SET beat_ms = 5")
    assert rows.beat(A, 1, {"processed": 7}) is None
    assert [beat == 5 for beat in values(bench, "beat_ms")] == [False, True, True, True]
    assert [of(rows, uid).progress for uid in (A, B)] == [{"processed": 7}, {"processed": 0}]


@pytest.mark.parametrize("epoch", [1, None])
def test_an_end_is_of_one_row_and_keeps_its_last_progress_where_none_is_given(
    rows: SessionRows, bench: Bench, epoch: int | None
) -> None:
    bench.work.sql("UPDATE batchdrain_session SET beat_ms = 5")
    rows.end(A, epoch, "stopped")
    assert values(bench, "status") == ["stopped", None, None, None]
    assert [ended is not None for ended in values(bench, "ended_ms")] == [True, False, False, False]
    assert (of(rows, A).progress, values(bench, "beat_ms")) == ({"processed": 0}, [5] * 4)
    rows.end(B, 1, "complete", {"processed": 9})
    assert (of(rows, B).progress, values(bench, "beat_ms")[1] > 5) == ({"processed": 9}, True)


def test_a_request_is_made_to_one_row(rows: SessionRows, bench: Bench) -> None:
    assert rows.ask(of(rows, A), Ask.PAUSE, by="me", reason="why") is not None
    assert values(bench, "asked_no") == [1, 0, 0, 0]


def test_a_session_that_begins_anew_is_the_same_row_of_its_table_with_another_epoch(rows: SessionRows, bench: Bench) -> None:
    rows.ask(of(rows, A), Ask.PAUSE, by="me", reason="why")
    rows.end(A, 1, "stopped")
    assert rows.begin(A, VALUES, {}, {}) == 2
    assert values(bench, "epoch") == [2, 1, 1, 1]
    found = of(rows, A)
    assert (found.asked, found.ended_ms, found.status, found.wanted) == (None, None, None, {})


def test_what_was_wanted_is_read_of_the_session_that_is_asked_for(rows: SessionRows) -> None:
    assert [rows.read_wanted(uid) for uid in (A, B, C)] == [{"workers": 1}, {"workers": 2}, {}]


@pytest.mark.parametrize(
    ("facts", "uids"),
    [({}, [B, A]), ({"running": True}, [B]), ({"chains": ["x" * 32]}, [A]), ({"chains": []}, []), ({"running": True, "chains": ["x" * 32]}, [])],
    ids=str,
)  # fmt: skip
def test_sessions_are_read_of_their_own_table_the_newest_first(
    rows: SessionRows, bench: Bench, facts: dict[str, Any], uids: list[str]
) -> None:
    bench.work.sql("UPDATE batchdrain_session SET begun_ms = CASE session_uid WHEN :a THEN 1 ELSE 2 END", [{"a": A}])
    rows.end(A, 1, "complete")
    assert [row.uid for row in rows.read(**facts)] == uids


def test_sessions_that_began_at_once_are_read_in_one_order(rows: SessionRows, bench: Bench) -> None:
    bench.work.sql("UPDATE batchdrain_session SET begun_ms = 1")
    assert [row.uid for row in rows.read()] == [A, B]


def test_old_sessions_are_those_of_their_own_table_by_their_end_or_else_their_last_beat(
    rows: SessionRows, bench: Bench
) -> None:
    bench.work.sql("UPDATE batchdrain_session SET beat_ms = 100, ended_ms = CASE session_uid WHEN :a THEN 50 END", [{"a": A}])
    assert [rows.read_old(before) for before in (50, 51, 100, 101)] == [[], [A], [A], [A, B]]
    rows.forget([A])
    rows.forget([])
    assert bench.work.sql("SELECT source, session_uid FROM batchdrain_session ORDER BY 1, 2") == [
        ("others", A), ("others", B), ("phases", B),
    ]  # fmt: skip


def test_a_paused_session_is_not_at_work_nor_is_one_that_ended_or_is_silent(rows: SessionRows, bench: Bench) -> None:
    assert of(rows, A).is_at_work
    rows.beat(A, 1, {"paused": True})
    assert not of(rows, A).is_at_work
    rows.beat(A, 1, {"paused": False})
    assert of(rows, A).is_at_work
    bench.work.sql("UPDATE batchdrain_session SET beat_ms = 1")
    assert (of(rows, A).is_silent, of(rows, A).is_at_work) == (True, False)
    rows.end(B, 1, "complete")
    assert (of(rows, B).is_silent, of(rows, B).is_at_work) == (False, False)


@pytest.mark.parametrize(("workers", "count"), [(3, 3), (0, 0), (-1, 0), ("3", 0), (None, 0), (2.5, 0)])
def test_a_row_that_does_not_say_how_many_workers_it_has_counts_none(rows: SessionRows, workers: object, count: int) -> None:
    rows.begin(C, VALUES, {"workers": workers}, {})
    assert of(rows, C).workers == count


@pytest.mark.parametrize("text", ["", "no json", "[1]", "7", "[" * 9_000])
def test_a_row_that_somebody_spoilt_says_nothing(rows: SessionRows, bench: Bench, text: str) -> None:
    bench.work.sql("UPDATE batchdrain_session SET intent = :t, progress = :t, asked = :t", [{"t": text}])
    found = of(rows, A)
    assert (found.wanted, found.progress, found.asked, rows.read_wanted(A)) == ({}, {}, None, {})


def test_a_beat_of_the_future_is_of_now(rows: SessionRows, bench: Bench) -> None:
    bench.work.sql("UPDATE batchdrain_session SET beat_ms = beat_ms + 999999")
    assert of(rows, A).beat_age_ms == 0


def test_without_a_table_of_sessions_nothing_is_kept_and_nothing_fails(sqlite_project: Workplace) -> None:
    """Before the first drain, and with tables of an earlier version."""
    database = open_database(sqlite_project.url)
    ledger = Ledger.of(PhaseTable.reflect(database, Source()))
    bare = SessionRows(database, ledger)
    assert (bare.read(), bare.read_wanted(A), bare.read_old(10**15)) == ([], {}, [])
    earlier = Ledger(meta=ledger.meta, claim=ledger.claim, attempt=ledger.attempt, source="phases", version=2)
    none = SessionRows(database, earlier)
    assert (none.begin(A, VALUES, {}, {}), none.beat(A, 1, {}), none.read(), none.read_wanted(A)) == (0, None, [], {})
    none.end(A, 1, "complete")
    none.forget([A])
    assert none.read_old(10**15) == []
    database.close()
