"""What the ledger counts of sessions: phases with a result, each once."""

from __future__ import annotations

import pytest

from batchdrain.database.ledger.session_counts import SessionCounts, read_session_counts
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import COUNTED, Outcome
from tests.database.book import Book

pytestmark = pytest.mark.everyday("sqlite")

OURS, OTHERS = "a" * 32, "b" * 32
WITHOUT_RESULT = [None, *sorted(one.value for one in Outcome if one not in COUNTED)]


@pytest.mark.parametrize("outcome", WITHOUT_RESULT)
def test_an_attempt_without_a_result_counts_for_no_session(book: Book, outcome: str | None) -> None:
    """While a command runs, and once its phase was given back. A result of the phase in the same session still counts."""
    again = PhaseKey("r", "again").digest
    book.attempt("r", "failed", key=again, epoch=1, session_uid=OURS)
    book.attempt("r", outcome, key=again, epoch=2, session_uid=OURS)
    book.attempt("r", outcome, session_uid=OURS)
    book.attempt("r", "complete", session_uid=OURS)
    book.attempt("r", outcome, session_uid=OTHERS)
    assert read_session_counts(book.database, book.ledger, [OURS, OTHERS]) == {OURS: SessionCounts(processed=2, succeeded=1)}


def test_a_phase_that_was_tried_again_counts_once_by_its_last_result_in_each_session(book: Book) -> None:
    key = PhaseKey("r", "a").digest
    for epoch, (outcome, session) in enumerate([("failed", OURS), ("complete", OURS), ("failed", OTHERS)], start=1):
        book.attempt("r", outcome, key=key, epoch=epoch, session_uid=session)
    assert read_session_counts(book.database, book.ledger, [OURS, OTHERS]) == {
        OURS: SessionCounts(processed=1, succeeded=1),
        OTHERS: SessionCounts(processed=1, succeeded=0),
    }
    assert read_session_counts(book.database, book.ledger, []) == {}
