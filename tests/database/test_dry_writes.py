"""What a table refuses is found by a try of each write that a drain does, and nothing of the try stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.ledger.fallbacks import PLAIN_CHARS
from batchdrain.database.phases.dry_write import DryWrite, dry_write
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.states import PhaseState
from tests.support.workplace import Workplace

REFUSE = "CREATE TRIGGER t BEFORE UPDATE ON phases WHEN {} BEGIN SELECT RAISE(ABORT, 'not so'); END"
TURN = (
    "CREATE TRIGGER t AFTER UPDATE ON phases WHEN {} BEGIN UPDATE phases SET state = 'ODD' WHERE phase_id = NEW.phase_id; END"
)


@dataclass
class Table:
    work: Workplace
    database: Database
    phases: PhaseTable

    def tried(self) -> DryWrite:
        """What comes of it, after which every row is as it was."""
        rows = self.work.sql("SELECT * FROM phases ORDER BY phase_id")
        found = dry_write(self.database, self.phases, PhaseState.FAILED)
        assert self.work.sql("SELECT * FROM phases ORDER BY phase_id") == rows
        return found


@pytest.fixture
def table(sqlite_project: Workplace) -> Iterator[Table]:
    database = open_database(sqlite_project.url)
    yield Table(sqlite_project, database, PhaseTable.reflect(database, Source()))
    database.close()


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("NEW.state = 'EXECUTING'", ["not so"]),
        ("NEW.state = 'COMPLETE'", ["not so"]),
        ("NEW.last_failure_reason LIKE 'tried by%'", ["not so"]),
        (f"length(NEW.last_failure_reason) >= {PLAIN_CHARS}", ["not so"]),
        (f"length(NEW.last_failure_reason) > {PLAIN_CHARS}", []),
        ("NEW.state = 'COMPLETE' AND NEW.last_failure_reason IS NOT NULL", []),
        ("NEW.state = 'FAILED'", ["not so", "not so"]),
        ("NEW.state = 'FAILED' AND NEW.last_failure_reason NOT LIKE 'tried by%'", ["not so"]),
        ("NEW.state = 'ODD'", []),
    ],
)
def test_each_write_of_a_drain_is_tried(table: Table, when: str, said: list[str]) -> None:
    """To take a phase, to end it either way with a reason as long as it must be, and to give it back as it was."""
    table.work.fail("r/a", "r/b", reason="boom")
    table.work.sql(REFUSE.format(when))
    found = table.tried()
    assert (len(found.problems), found.of_rows, found.is_tried) == (len(said), [], True), found
    assert all(part in line for part, line in zip(said, found.problems, strict=True)), found


@pytest.mark.parametrize("state", ["EXECUTING", "COMPLETE", "FAILED"])
def test_a_trigger_that_turns_a_state_into_another_is_found_though_the_write_went_well(table: Table, state: str) -> None:
    table.work.fail("r/a", reason="boom")
    table.work.sql(TURN.format(f"NEW.state = '{state}'"))
    found = table.tried()
    wanted = f"does not let the state become '{state}': 1 row changed, and then the state is 'ODD'"
    assert found.problems, found
    assert all(wanted in line for line in found.problems), found


@pytest.mark.parametrize("bad", ["r/a", "r/b"])
def test_what_one_row_alone_is_refused_for_is_no_problem_of_the_table(table: Table, bad: str) -> None:
    table.work.fail("r/a", "r/b", reason="boom")
    table.work.sql(REFUSE.format(f"NEW.phase_id = '{bad[2:]}'"))
    found = table.tried()
    assert (found.problems, found.is_tried) == ([], True)
    assert len(found.of_rows) == (1 if bad == "r/a" else 0)


def test_where_no_row_is_in_the_state_nothing_was_tried(table: Table) -> None:
    table.work.add(("r", "a", 1, "COMPLETE", None))
    assert table.tried() == DryWrite(problems=[], of_rows=[], is_tried=False)


@pytest.mark.parametrize(
    ("when", "takes_null", "problems"), [("NEW.state = 'ODD'", False, 0), ("NEW.state = 'COMPLETE'", True, 1)]
)
def test_a_column_that_takes_no_null_gets_an_empty_reason_if_that_helps(
    table: Table, when: str, takes_null: bool, problems: int
) -> None:
    table.work.fail("r/a", reason="boom")
    table.work.sql(REFUSE.format(f"NEW.last_failure_reason IS NULL OR {when}"))
    assert (len(table.tried().problems), table.phases.takes_null) == (problems, takes_null)
