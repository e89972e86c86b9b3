"""A quarantine is lifted of one phase of one table, as it was read, and of no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.ledger.reopening import NotReopened
from batchdrain.model.phase import PhaseKey
from tests.database.bench import Bench, opened
from tests.database.test_reopening import left_out
from tests.support.workplace import Workplace

OTHER = PhaseKey("r", "q")


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    yield from opened(sqlite_project, Command(argv=["true"]))


def counts(bench: Bench) -> list[tuple[object, ...]]:
    return bench.work.sql("SELECT source, key, orphan_count FROM batchdrain_claim ORDER BY source, key")


def beside(bench: Bench) -> None:
    """The same phase of another table, and another phase of this one, in the same quarantine at the same epoch."""
    bench.work.sql("CREATE TABLE copied AS SELECT * FROM batchdrain_claim")
    bench.work.sql("UPDATE copied SET source = 'others'")
    bench.work.sql("INSERT INTO batchdrain_claim SELECT * FROM copied")
    bench.work.sql("UPDATE copied SET source = 'phases', key = :key", [{"key": OTHER.digest}])
    bench.work.sql("INSERT INTO batchdrain_claim SELECT * FROM copied")


def test_the_same_phase_of_another_table_and_another_phase_of_this_one_stay_in_quarantine(bench: Bench) -> None:
    transaction = left_out(bench)
    beside(bench)
    before = {(source, key): count for source, key, count in counts(bench)}
    bench.database.write(transaction)
    after = {(source, key): count for source, key, count in counts(bench)}
    assert after == {**before, ("phases", transaction.key.digest): 0}
    assert len(before) == 3


def test_the_claim_of_another_table_is_not_what_was_read(bench: Bench) -> None:
    """It is of another epoch: what was read of ours would seem to have changed."""
    transaction = left_out(bench)
    beside(bench)
    bench.work.sql("UPDATE batchdrain_claim SET epoch = 77 WHERE source = 'others'")
    bench.work.sql("UPDATE batchdrain_claim SET source = 'a' WHERE source = 'others'")
    bench.work.sql("CREATE TABLE ours AS SELECT * FROM batchdrain_claim WHERE source = 'phases'")
    bench.work.sql("DELETE FROM batchdrain_claim WHERE source = 'phases'")
    bench.work.sql("INSERT INTO batchdrain_claim SELECT * FROM ours")
    bench.database.write(transaction)
    assert bench.work.sql("SELECT orphan_count FROM batchdrain_claim WHERE source = 'a'") == [(3,)]


@pytest.mark.parametrize("change", ["owner = 'x'", "orphan_count = 4", "orphan_count = 0"])
def test_what_changed_since_it_was_read_is_not_lifted_and_nothing_is_written(bench: Bench, change: str) -> None:
    transaction = left_out(bench)
    bench.work.sql(f"UPDATE batchdrain_claim SET {change}")
    before = counts(bench)
    with pytest.raises(NotReopened):
        bench.database.write(transaction)
    assert counts(bench) == before
    assert bench.work.sql("SELECT name FROM batchdrain_meta WHERE name LIKE 'reopened/%'") == []


def test_a_phase_in_no_quarantine_keeps_what_its_claim_says(bench: Bench) -> None:
    transaction = replace(left_out(bench), orphanings=0)
    before = counts(bench)
    bench.database.write(transaction)
    assert counts(bench) == before
    assert len(bench.work.sql("SELECT name FROM batchdrain_meta WHERE name LIKE 'reopened/%'")) == 1
