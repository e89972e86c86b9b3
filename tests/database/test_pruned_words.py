"""Attempts of a phase are old once its row bears any of the words for complete."""

from __future__ import annotations

from batchdrain.config.settings import Source
from batchdrain.database.ledger.prune_attempts import OldAttempts, count_old_attempts
from batchdrain.database.phases.table import PhaseTable
from batchdrain.database.store import Store
from batchdrain.runtime import clock
from tests.database.book import Book

ALL = OldAttempts(before_ms=clock.to_ms(clock.now()) + 86_400_000)


def test_attempts_of_each_word_for_complete_are_old_and_no_others(book: Book) -> None:
    for number, state in enumerate(["OK", "SKIPPED", None, "NULL", "FAILED", "ERROR"]):
        run = f"r{number}"
        book.attempt(run, "complete", ended_ms=number)
        [(phase,)] = book.work.sql("SELECT phase_id FROM batchdrain_attempt WHERE run_id = :r", [{"r": run}])
        book.work.add((run, phase, 0, state, None))  # type: ignore[arg-type]

    def count(complete: list[str | None]) -> int:
        source = Source.model_validate({"states": {"complete": complete, "failed": ["FAILED", "ERROR"]}})
        return count_old_attempts(Store(book.database, PhaseTable.reflect(book.database, source), book.ledger), ALL)

    assert count(["OK"]) == 1
    assert count(["OK", "SKIPPED"]) == 2
    assert count(["OK", "SKIPPED", None]) == 3
