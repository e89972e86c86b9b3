"""What a claim makes of what it reads of the ledger before it writes: the tables' version, the table's other name, its own work."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Command
from batchdrain.database.driver_errors import RowRefused
from batchdrain.database.ledger.claim_transaction import ClaimTransaction, NotTaken
from batchdrain.database.ledger.source_names import bare_name_of
from batchdrain.database.ledger.statements import ClaimRow
from batchdrain.database.ledger.tables import SCHEMA_VERSION
from batchdrain.model.errors import ConfigError
from tests.database.bench import NOW, Bench, choice_of, opened
from tests.support.workplace import Workplace

OURS, OTHERS = "o" * 32, "t" * 32
ROW = ClaimRow(
    version=str(SCHEMA_VERSION), epoch=3, attempts=0, owner=None, prior_state=None, prior_reason=None, held_state=None,
    prior_kind=None, is_elsewhere=None,
)  # fmt: skip


@pytest.fixture
def bench(sqlite_project: Workplace) -> Iterator[Bench]:
    sqlite_project.fail("r/p", reason="before")
    yield from opened(sqlite_project, Command(argv=["true"]))


def read(bench: Bench, row: ClaimRow | None, source: str = "phases-apart") -> ClaimRow | None:
    """As a claim that finds this row. `source`: the table's name in the ledger, as the drain knows it."""
    statements = SimpleNamespace(read_claim=lambda *_: row)
    tables: Any = SimpleNamespace(statements=statements, phases=bench.table, source=source)
    holder: Any = SimpleNamespace(owner=OURS)
    claim = ClaimTransaction(
        tables=tables, holder=holder, phase=choice_of("r/p").phase, lease_s=60, run_type="default", now=NOW, guard=None
    )
    connection: Any = SimpleNamespace(engine=bench.database.engine)
    found: ClaimRow | None = claim._read_claim(connection)
    return found


def test_a_row_of_claims_is_one_only_if_somebody_claimed_the_phase_before(bench: Bench) -> None:
    never = ROW._replace(epoch=None, attempts=None)
    assert (read(bench, ROW), read(bench, never)) == (ROW, None)


@pytest.mark.parametrize("version", ["1", str(SCHEMA_VERSION - 1)])
def test_tables_of_an_earlier_version_are_claimed_from(bench: Bench, version: str) -> None:
    row = ROW._replace(version=version)
    assert read(bench, row) == row


@pytest.mark.parametrize("version", [str(SCHEMA_VERSION + 1), "new"])
def test_tables_of_a_version_that_nobody_knows_here_are_not(bench: Bench, version: str) -> None:
    with pytest.raises(ConfigError, match=f"are of version '{version}'"):
        read(bench, ROW._replace(version=version))


def test_tables_without_a_version_are_not(bench: Bench) -> None:
    with pytest.raises(ConfigError, match="has no schema_version any more"):
        read(bench, None)
    bench.work.sql("DELETE FROM batchdrain_meta WHERE name = 'schema_version'")
    with pytest.raises(ConfigError, match="has no schema_version any more"):
        bench.claim(bench.controller(), "r/p")
    assert bench.work.states() == {"r/p": "FAILED"}


@pytest.mark.parametrize("owner", [None, OTHERS])
def test_a_phase_that_others_know_by_the_tables_other_name_is_theirs(bench: Bench, owner: str | None) -> None:
    with pytest.raises(NotTaken):
        read(bench, ROW._replace(is_elsewhere=True, owner=owner))
    with pytest.raises(ConfigError, match="has another name in batchdrain's tables since this drain began"):
        read(bench, ROW._replace(is_elsewhere=True, owner=owner), bare_name_of(bench.table))


def test_a_phase_that_we_have_claimed_ourselves_stays_ours_whatever_its_table_is_called_by_now(bench: Bench) -> None:
    for is_elsewhere in (True, False, None):
        row = ROW._replace(is_elsewhere=is_elsewhere, owner=OURS)
        assert read(bench, row, bare_name_of(bench.table)) == row


def test_a_phase_that_a_trigger_keeps_from_being_executed_without_a_word_is_claimed_by_nobody(bench: Bench) -> None:
    bench.work.sql(
        "CREATE TRIGGER never BEFORE UPDATE ON phases WHEN NEW.state = 'EXECUTING' BEGIN SELECT RAISE(IGNORE); END"
    )
    with pytest.raises(RowRefused, match="does not let the state of r / p become 'EXECUTING', and gives no reason"):
        bench.claim(bench.controller(), "r/p")
    assert (bench.work.states(), bench.rows("epoch"), bench.rows("epoch", "batchdrain_claim")) == ({"r/p": "FAILED"}, [], [])


def test_a_lease_is_in_seconds_from_the_claim_on(bench: Bench) -> None:
    held = bench.claim(bench.controller(), "r/p", lease_s=4_000)
    assert held is not None
    now_ms = "(julianday('now') - 2440587.5) * 86400000"
    [(left_ms,)] = bench.work.sql(f"SELECT lease_until_ms - {now_ms} FROM batchdrain_claim")
    assert 3_000_000 < left_ms <= 4_000_100
