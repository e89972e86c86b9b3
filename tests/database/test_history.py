"""What the ledger is asked of the past: of this table, of what completed, and of the latest."""

from __future__ import annotations

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.ledger.history import SESSION, History, Past
from batchdrain.database.ledger.kept_durations import RECENT
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.ledger.retry_stats_query import read_retries_by_fingerprint
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.runtime import clock
from tests.database.bench import Bench, attempt_of, taken
from tests.database.book import Book
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")


def history(book: Book) -> History:
    return History(book.database, book.ledger)


def test_time_limits_are_learnt_from_what_completed_in_this_table_and_run_type(book: Book) -> None:
    book.attempt("a", "complete", duration_ms=1_500)
    book.attempt("a", "complete", duration_ms=2_500, from_category="transient")
    for facts in ({"source": "others"}, {"run_type": "build"}, {"duration_ms": None}):
        book.attempt("a", "complete", **{"duration_ms": 99_000, **facts})
    for outcome in ("failed", "timeout", "released", "orphaned", None):
        book.attempt("a", outcome, duration_ms=77_000)

    assert sorted(history(book).read_durations_s("default")) == [1.5, 2.5]
    assert history(book).read_durations_s("default", "transient") == [2.5]
    assert history(book).read_durations_s("default", "patch") == []


def test_time_limits_are_learnt_from_the_latest_attempts(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run type that became slower needs more time than it did years ago."""
    monkeypatch.setattr("batchdrain.database.ledger.history.RECENT", 3)
    for seconds in range(1, 6):
        book.attempt("a", "complete", duration_ms=seconds * 1_000)
    assert history(book).read_durations_s("default") == [5.0, 4.0, 3.0]
    assert RECENT == 200


def test_what_a_run_did_is_counted_of_this_table_alone(book: Book) -> None:
    book.attempt("a", "complete", duration_ms=1_000)
    book.attempt("a", "complete", duration_ms=3_000)
    book.attempt("a", "timeout", duration_ms=60_000)
    book.attempt("a", "failed", duration_ms=60_000)
    book.attempt("a", "complete", duration_ms=60_000, source="others")
    past = history(book).read_past()
    run = past.runs["a"]
    assert (run.successes, run.timeouts, run.mean_duration_s) == (2, 1, 2.0)
    assert len(past.names) == 4


def test_claims_of_another_table_in_the_same_ledger_are_not_ours(bench: Bench) -> None:
    """The same ids may name other phases there."""
    bench.work.fail("r/held", "r/waits", "r/tried", "r/orphan")
    claims = bench.controller()
    taken(bench.claim(claims, "r/held"))
    for name, outcome, retry_in_s in (("r/waits", Outcome.FAILED, 90.0), ("r/tried", Outcome.FAILED, -90.0)):
        claim = taken(bench.claim(claims, name))
        claims.finish(claim, attempt_of(claim, outcome, "x"), retry_in_s=retry_in_s)
    claim = taken(bench.claim(claims, "r/orphan"))
    claims.finish(claim, attempt_of(claim, Outcome.ORPHANED))
    held, waits, tried, orphan = (PhaseKey("r", name).digest for name in ("held", "waits", "tried", "orphan"))

    past = bench.project.store.history.read_past()

    assert past.held == {held}
    assert past.attempts == {waits: 1, tried: 1}
    assert past.waits_ms.keys() == {waits}
    assert 0 < past.waits_ms[waits] <= 90_000
    assert past.orphanings == {orphan: 1}
    bench.work.sql("UPDATE batchdrain_claim SET source = 'others'")
    past = bench.project.store.history.read_past()
    assert (past.held, past.attempts, past.waits_ms, past.orphanings) == (frozenset(), {}, {}, {})


def test_what_is_kept_of_a_session_is_found_by_its_whole_name(book: Book) -> None:
    for name in ("s1", "s10", "s_", "sx"):
        book.ledger.write_meta(book.database, f"{SESSION}{name}/{'u' * 32}", f'"{name}"')
    assert history(book).read_session_heads("s1") == ['"s1"']
    assert history(book).read_session_heads("s_") == ['"s_"']
    assert history(book).read_session_heads("s") == []


def test_the_attempts_of_a_session_come_in_the_order_in_which_they_began_without_those_that_run(book: Book) -> None:
    later = clock.to_ms(clock.now()) + 10_000
    book.attempt("b", "complete", started_ms=later, session_uid="s")
    book.attempt("a", "failed", started_ms=later - 5_000, session_uid="s")
    book.attempt("c", None, session_uid="s")
    book.attempt("d", "complete", session_uid="t")
    assert [row["run_id"] for row in history(book).read_session_rows("s")] == ["a", "b"]


def test_a_ledger_that_is_not_there_is_an_empty_one(project: Workplace) -> None:
    """A look before the first drain reads, and makes nothing."""
    database = open_database(project.url)
    ledger = Ledger.of(PhaseTable.reflect(database, Source()))
    found = History(database, ledger)
    assert (found.read_past(), found.read_durations_s("default")) == (Past(), [])
    assert (found.read_session_rows("s"), found.read_session_heads("s")) == ([], [])
    assert read_retries_by_fingerprint(database, ledger) == {}
    assert [Notes(database, ledger).read(kind) for kind in NoteKind] == [[]] * len(NoteKind)
    database.close()


def test_a_run_type_is_looked_for_as_it_is_kept(book: Book) -> None:
    """Its column holds 191 characters."""
    book.attempt("a", "complete", run_type="x" * 191)
    assert history(book).read_durations_s("x" * 300) == [1.0]


def test_notes_of_a_kind_come_by_their_subjects_and_say_who_wrote_them(book: Book) -> None:
    notes = Notes(book.database, book.ledger)
    notes.write(NoteKind.HINT, {"b*": {"priority": 1}, "a*": {"priority": 2}})
    notes.write(NoteKind.ACCEPTED, {"a*": {"why": "known"}})
    hints = notes.read(NoteKind.HINT)
    assert [(note.subject, note.content) for note in hints] == [("a*", {"priority": 2}), ("b*", {"priority": 1})]
    assert {note.by.count("@") for note in hints} == {1}
    assert all(note.at.endswith("Z") for note in hints)
    assert [notes.take_back(NoteKind.HINT, "a*") for _ in range(2)] == [True, False]
    assert [[note.subject for note in notes.read(kind)] for kind in (NoteKind.HINT, NoteKind.ACCEPTED)] == [["b*"], ["a*"]]
