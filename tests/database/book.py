"""A ledger, and attempts that are written into it by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.ledger.history import History
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey
from batchdrain.model.retry_stats import RetryStats
from batchdrain.runtime import clock
from tests.support.workplace import Workplace


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
