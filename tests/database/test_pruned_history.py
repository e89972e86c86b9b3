"""What the ledger answers is the same before and after old attempts are removed, on every database."""

from __future__ import annotations

import random
from typing import Any

import pytest

from batchdrain.config.settings import Settings, Source
from batchdrain.database.ledger import kept_durations, prune_attempts
from batchdrain.database.ledger.history import History
from batchdrain.database.ledger.prune_attempts import OldAttempts, count_old_attempts
from batchdrain.database.ledger.retry_stats_query import read_retries_by_fingerprint
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime import clock
from tests.database.book import Book, book

__all__ = ["book"]
pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")
LATER_MS = clock.to_ms(clock.now()) + 86_400_000
ALL = OldAttempts(before_ms=LATER_MS)


def store_of(book: Book) -> Store:
    return Store(book.database, PhaseTable.reflect(book.database, Source()), book.ledger)


def fill(book: Book, count: int) -> None:
    """Attempts of every kind, ended, of phases that have no row any more."""
    drawn = random.Random(11)
    for number in range(count):
        outcome = drawn.choice(["complete", "complete", "failed", "timeout", "moved", "released"])
        category = drawn.choice(["transient", "other", "unknown", None])
        facts: dict[str, Any] = {
            "from_category": category,
            "from_fingerprint": None if category is None else drawn.choice(["boom", "disk full ✓", "", "x" * 3000]),
            "fingerprint": None if outcome == "complete" else drawn.choice(["boom", "late", None]),
            "run_type": drawn.choice(["default", "build"]),
            "duration_ms": drawn.choice([None, 5, 1000, 60_000]) if outcome == "moved" else drawn.randrange(1, 100_000),
        }
        book.attempt(drawn.choice(["a", "b", "ä"]), outcome, ended_ms=number, **facts)


def answers(book: Book) -> list[Any]:
    history = History(book.database, book.ledger)
    past = history.read_past()
    durations = [
        history.read_durations_s(run_type, category)
        for run_type in ("default", "build")
        for category in (None, "transient", "other", "unknown")
    ]
    return [past.runs, past.retry_stats, durations, read_retries_by_fingerprint(book.database, book.ledger)]


def totals(book: Book) -> int:
    [(single,)] = book.work.sql("SELECT count(*) FROM batchdrain_attempt")
    [(summed,)] = book.work.sql("SELECT coalesce(sum(attempts), 0) FROM batchdrain_attempt_sum")
    return int(single) + int(summed)


def test_no_answer_changes_when_attempts_are_removed(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prune_attempts, "PAGE", 17)
    monkeypatch.setattr(kept_durations, "RECENT", 9)
    monkeypatch.setattr("batchdrain.database.ledger.history.RECENT", 9)
    fill(book, 120)
    before, store = answers(book), store_of(book)

    half = OldAttempts(before_ms=60)  # the first half of them ended before that
    assert count_old_attempts(store, half) == 60
    assert sum(prune_attempts.prune_attempts(store, half)) == 60
    assert (answers(book), totals(book)) == (before, 120)
    fill(book, 40)
    before = answers(book)
    assert sum(prune_attempts.prune_attempts(store, ALL)) == 100
    assert (answers(book), totals(book)) == (before, 160)
    assert book.work.sql("SELECT count(*) FROM batchdrain_attempt") == [(0,)]
    assert (count_old_attempts(store, ALL), list(prune_attempts.prune_attempts(store, ALL))) == (0, [0])


def test_attempts_that_somebody_needs_stay(book: Book) -> None:
    book.work.add(
        ("r", "failed", 1, "FAILED", "x"), ("r", "complete", 1, "COMPLETE", None), ("r", "executing", 1, "EXECUTING", None),
        ("r", "queued", 1, "QUEUED", None), ("r", "odd", 1, "complete ", None),
    )  # fmt: skip
    names = ("failed", "complete", "executing", "queued", "odd", "gone", "held", "young", "open", "resumable")
    for name in names:
        facts: dict[str, Any] = {"key": PhaseKey("r", name).digest, "phase_id": name, "ended_ms": 5}
        odd: dict[str, dict[str, Any]] = {
            "young": {"ended_ms": 50},
            "open": {"ended_ms": None},
            "resumable": {"session_uid": "k" * 32},
        }
        facts |= odd.get(name, {})
        book.attempt("r", None if name == "open" else "complete", **facts)
    claim = {
        "source": "phases",
        "key": PhaseKey("r", "held").digest,
        "epoch": 1,
        "orphan_count": 0,
        "attempts": 1,
        "owner": "o" * 32,
    }
    book.database.write(lambda connection: connection.execute(book.ledger.claim.insert().values(**claim)))
    old = OldAttempts(before_ms=50, kept_sessions=frozenset({"k" * 32}))

    assert count_old_attempts(store_of(book), old) == 2
    assert sum(prune_attempts.prune_attempts(store_of(book), old)) == 2

    left = {name for (name,) in book.work.sql("SELECT phase_id FROM batchdrain_attempt")}
    assert set(names) - left == {"complete", "gone"}
    assert book.work.sql("SELECT count(*) FROM batchdrain_claim") == [(1,)], "a claim is never removed"


def test_a_run_of_one_kind_of_failure_becomes_one_row(book: Book) -> None:
    for _ in range(5):
        book.attempt("r", "complete", ended_ms=1)
    assert sum(prune_attempts.prune_attempts(store_of(book), ALL)) == 5
    row = "SELECT run_id, from_category, from_fingerprint, outcome, attempts, duration_ms FROM batchdrain_attempt_sum"
    assert book.work.sql(row) == [("r", "other", "boom", "complete", 5, 5000)]


def test_a_phase_that_fails_again_after_its_attempts_were_removed_has_its_attempts_still(book: Book) -> None:
    from batchdrain.model.states import PhaseState
    from batchdrain.planning.filters import Filters
    from batchdrain.planning.planner import Selection

    book.work.add(("r", "again", 1, "COMPLETE", None), ("r", "new", 2, "FAILED", "boom"))
    book.attempt("r", "complete", key=PhaseKey("r", "again").digest, phase_id="again", ended_ms=1)
    claim = {"source": "phases", "key": PhaseKey("r", "again").digest, "epoch": 1, "orphan_count": 0, "attempts": 1}
    book.database.write(lambda connection: connection.execute(book.ledger.claim.insert().values(**claim)))
    assert sum(prune_attempts.prune_attempts(store_of(book), ALL)) == 1
    book.work.sql("UPDATE phases SET state = 'FAILED' WHERE phase_id = 'again'")

    limit = Settings.model_validate({"stop": {"max_attempts_per_phase": 1}})
    backlog = Selection(store=store_of(book), settings=limit, filters=Filters.of(), state=PhaseState.FAILED).backlog()
    backlog.refresh(clock.now())

    assert [phase.phase_id for phase in backlog.upcoming(10, clock.now())] == ["new"]
    assert sum(backlog.skipped.values()) == 1


def test_what_a_hostile_hand_wrote_as_kept_durations_is_passed_over(book: Book) -> None:
    book.attempt("r", "complete", ended_ms=1, duration_ms=2000)
    assert sum(prune_attempts.prune_attempts(store_of(book), ALL)) == 1
    history = History(book.database, book.ledger)
    assert history.read_durations_s("default") == [2.0]
    for value in ("", "[", "[]", '{"latest": 5}', '{"latest": {"other": [[1]]}}', '{"latest": {"other": [["a", 2.5]]}}'):
        book.work.sql("UPDATE batchdrain_meta SET value = :value WHERE name LIKE 'durations/%'", [{"value": value}])
        assert history.read_durations_s("default") == []
