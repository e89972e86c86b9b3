"""A phase that failed transiently and was completed by its retry is credited to the failure that the drain found."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.ledger import prune_attempts
from batchdrain.database.ledger.retry_stats_query import read_fixed, read_retries_by_fingerprint
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.model.phase import PhaseKey
from batchdrain.model.retry_stats import RetryCount
from batchdrain.runtime import clock
from tests.database.book import Book, book

__all__ = ["book"]
pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")
ALL = prune_attempts.OldAttempts(before_ms=clock.to_ms(clock.now()) + 86_400_000)


def tried(book: Book, phase: str, *steps: tuple[str | None, str | None, str], sessions: str = "", run: str = "r") -> None:
    """The attempts on one phase: the failure before each, that after it, and its outcome. `sessions`: a letter for each."""
    for epoch, (before, after, outcome) in enumerate(steps, start=1):
        facts: dict[str, Any] = {"from_fingerprint": before, "fingerprint": after, "epoch": epoch, "ended_ms": epoch}
        facts["from_category"] = None if before is None else "other"
        facts["session_uid"] = (sessions[epoch - 1] if sessions else "u") * 32
        book.attempt(run, outcome, key=PhaseKey(run, phase).digest, phase_id=phase, **facts)


def fill(book: Book) -> None:
    tried(book, "1", ("boom", "reset", "failed"), ("reset", None, "complete"))
    tried(book, "2", ("boom", "reset", "failed"), ("reset", "reset", "failed"), ("reset", None, "complete"), run="s")
    tried(book, "3", ("boom", "reset", "failed"), ("reset", "late", "failed"))
    tried(book, "4", ("boom", "boom", "failed"), ("boom", None, "complete"), sessions="ab")
    tried(book, "5", ("boom", None, "complete"))
    tried(book, "6", (None, "reset", "failed"), ("reset", None, "complete"))  # it was queued
    tried(book, "7", (None, None, "complete"))


def answers(book: Book) -> list[Any]:
    asked = (None, lambda run: run == "s", lambda run: run == "r")
    found = [read_retries_by_fingerprint(book.database, book.ledger, one) for one in asked]
    return [*found, [read_fixed(book.database, book.ledger, one) for one in asked]]


def test_a_retry_credits_the_failure_that_the_session_found_and_one_of_another_session_does_not(book: Book) -> None:
    fill(book)
    everywhere, of_s, _, fixed = answers(book)
    assert everywhere == {"boom": RetryCount(tried=6, fixed=4), "reset": RetryCount(tried=5, fixed=4)}
    assert of_s == {"boom": RetryCount(tried=1, fixed=1), "reset": RetryCount(tried=2, fixed=2)}
    assert fixed == [6, 1, 5], "each phase that an attempt completed, also one that was queued"


@pytest.mark.parametrize("size", [1, 2, 500])
def test_no_answer_changes_when_these_attempts_are_removed(book: Book, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """The failed attempt may be on one page and its retry on the next, or still in the table."""
    monkeypatch.setattr(prune_attempts, "PAGE", size)
    fill(book)
    before, stats = answers(book), book.retry_stats()
    store = Store(book.database, PhaseTable.reflect(book.database, Source()), book.ledger)

    for old in (prune_attempts.OldAttempts(before_ms=2), ALL):
        assert sum(prune_attempts.prune_attempts(store, old)) > 0
        assert answers(book) == before
        assert book.retry_stats().fingerprints == stats.fingerprints

    assert book.work.sql("SELECT count(*) FROM batchdrain_attempt") == [(0,)]
