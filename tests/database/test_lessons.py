"""What the ledger has learnt of retries, the same on every database."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.database.ledger import retry_stats_query as room
from batchdrain.database.ledger.retry_stats_query import read_retries_by_fingerprint
from batchdrain.failures.fingerprints import VERSION, fingerprint
from batchdrain.failures.former_fingerprints import former_fingerprint
from batchdrain.model.failure_change import FailureChange
from batchdrain.model.retry_stats import RetryCount, RetryStats
from tests.database.book import Book

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")


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


@pytest.mark.parametrize("outcome", ["released", "orphaned", "not_started", "moved", None])
def test_an_attempt_without_a_result_is_no_retry_of_its_cluster(book: Book, outcome: str | None) -> None:
    for found in ("complete", "failed", "timeout", outcome):
        book.attempt("a", found, from_fingerprint="boom")
    assert read_retries_by_fingerprint(book.database, book.ledger) == {"boom": RetryCount(tried=3, fixed=1)}


def test_a_runs_latest_failure_and_who_else_failed_so_are_known(book: Book) -> None:
    book.attempt("a", "failed", fingerprint="early")
    for run, mark in (("b", "disk full"), ("a", "disk full"), ("c", "its own"), ("a", "late")):
        book.attempt(run, "failed", fingerprint=mark)
    found = book.retry_stats()
    assert found.failures == {"a": "late", "b": "disk full", "c": "its own"}
    assert found.seen_in["disk full"] == {"a", "b"}


def test_how_attempts_failed_anew_is_counted_by_what_they_set_out_from_and_timeouts_are_left_out(book: Book) -> None:
    for _ in range(2):
        book.attempt("a", "failed", from_fingerprint="boom", fingerprint="disk full")
    book.attempt("b", "failed", from_fingerprint="boom", fingerprint="boom")
    book.attempt("b", "failed", from_category="unknown", from_fingerprint="", fingerprint=None)
    book.attempt("a", "timeout", from_fingerprint="boom", fingerprint="timed out")
    book.attempt("a", "complete", from_fingerprint="boom")
    assert book.retry_stats().changes == {
        FailureChange("other", "boom", "disk full"): 2,
        FailureChange("other", "boom", "boom"): 1,
        FailureChange("unknown", "", ""): 1,
    }


def test_only_the_most_frequent_fingerprints_are_remembered(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST", 2)
    for mark, times in (("rare", 1), ("often", 3), ("now and then", 2)):
        for _ in range(times):
            book.attempt("a", "failed", from_fingerprint=mark)
    assert list(book.retry_stats().fingerprints) == ["often", "now and then"]
    assert [change.before for change in book.retry_stats().changes] == ["often", "now and then"]


def test_a_fingerprint_of_nothing_is_not_learnt(book: Book) -> None:
    book.attempt("a", "failed", from_category="unknown", from_fingerprint="")
    assert book.retry_stats().fingerprints == {}


def test_what_was_learnt_under_other_rules_is_learnt_still(book: Book) -> None:
    """Of the first version, whose attempts have no example, and of one to come."""
    text = "curl: (22) The requested URL returned error: 404"
    former, now = former_fingerprint(text), fingerprint(text)
    assert former != now
    book.attempt("a", "failed", from_fingerprint="boom", fingerprint=former, reason=text)
    book.attempt("b", "complete", from_fingerprint="of rules to come", fingerprint_version=VERSION + 1, from_example=text)
    book.attempt(
        "c", "failed", from_fingerprint=now, fingerprint=now, fingerprint_version=VERSION, from_example="x", reason="y"
    )

    found = book.retry_stats()
    assert found.failures == {"a": now, "c": now}
    assert found.seen_in[now] == {"a", "c"}
    assert found.fingerprints[now] == RetryCount(2, 1, 1.0, 1.0)
    assert {change.after for change in found.changes} == {now}
    assert read_retries_by_fingerprint(book.database, book.ledger)[now] == RetryCount(tried=2, fixed=1)
