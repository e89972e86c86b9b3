"""What the ledger has learnt of retries, the same on every database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.ledger import retry_stats_query as room
from batchdrain.database.ledger.history import History
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.retry_stats import RetryCount, RetryStats
from batchdrain.runtime import clock
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


@dataclass
class Book:
    work: Workplace
    database: Database
    ledger: Ledger
    moments: Iterator[int] = field(default_factory=lambda: count(clock.to_ms(clock.now())))

    def attempt(self, run: str, outcome: str | None, **facts: Any) -> None:
        moment = next(self.moments)
        base: dict[str, Any] = {
            "source": "phases", "key": PhaseKey(run, str(moment)).digest, "epoch": 1, "session_uid": "u" * 32, "run_id": run, "phase_id": str(moment),
            "attempt": 1, "run_type": "default", "initial_state": "FAILED", "started_ms": moment, "outcome": outcome,
            "from_category": "other", "from_fingerprint": "boom", "duration_ms": 1000,
            "fingerprint": None if outcome == "complete" else "boom",
        }  # fmt: skip
        self.database.write(lambda connection: connection.execute(self.ledger.attempt.insert().values(**{**base, **facts})))

    def retry_stats(self) -> RetryStats:
        return History(self.database, self.ledger).read_past().retry_stats


@pytest.fixture
def book(project: Workplace) -> Iterator[Book]:
    database = open_database(project.url)
    ledger = Ledger.of(PhaseTable.reflect(database, Source()))
    database.prepare_for_writing()
    ledger.create(database)
    yield Book(project, database, ledger)
    database.close()


def test_attempts_are_added_up_by_what_they_set_out_from(book: Book) -> None:
    book.attempt("a", "complete", from_category="transient", from_fingerprint="reset", duration_ms=1500)
    book.attempt("a", "failed", from_category="transient", from_fingerprint="reset", duration_ms=500, run_type="build")
    book.attempt("b", "timeout", duration_ms=60_000)

    found = book.retry_stats()

    reset, boom = RetryCount(2, 1, 1.5, 0.5), RetryCount(1, 0, 0.0, 60.0)
    assert found.categories == {"transient": reset, "other": boom}
    assert found.fingerprints == {"reset": reset, "boom": boom}
    assert found.runs == {"a": reset, "b": boom}
    assert found.run_types == {"default": RetryCount(2, 1, 1.5, 60.0), "build": RetryCount(1, 0, 0.0, 0.5)}


@pytest.mark.parametrize(
    "facts",
    [{"outcome": "released"}, {"outcome": "orphaned"}, {"outcome": "moved"}, {"outcome": None}, {"outcome": "failed", "from_category": None}],
    ids=["given back", "orphaned", "moved", "not ended", "queued before"],
)  # fmt: skip
def test_what_says_nothing_of_a_retry_teaches_nothing(book: Book, facts: dict[str, Any]) -> None:
    book.attempt("a", **facts)
    assert book.retry_stats() == RetryStats()


def test_a_runs_latest_failure_and_who_else_failed_so_are_known(book: Book) -> None:
    book.attempt("a", "failed", fingerprint="early")
    for run, mark in (("b", "disk full"), ("a", "disk full"), ("c", "its own"), ("a", "late")):
        book.attempt(run, "failed", fingerprint=mark)
    found = book.retry_stats()
    assert found.failures == {"a": "late", "b": "disk full", "c": "its own"}
    assert found.seen_in["disk full"] == {"a", "b"}


def test_only_the_most_frequent_fingerprints_are_remembered(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST", 2)
    for mark, times in (("rare", 1), ("often", 3), ("now and then", 2)):
        for _ in range(times):
            book.attempt("a", "failed", from_fingerprint=mark)
    assert list(book.retry_stats().fingerprints) == ["often", "now and then"]


def test_a_fingerprint_of_nothing_is_not_learnt(book: Book) -> None:
    book.attempt("a", "failed", from_category="unknown", from_fingerprint="")
    assert book.retry_stats().fingerprints == {}
