"""The SQL of the pages does what they say, on a database that a drain has written to."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, blocks
from tests.support.workplace import Workplace

[COSTS, RETENTION] = blocks(DOCS / "records.md", "sql")
[RESTORE, COMPLETED, DROPS, LEAVE_WAL] = blocks(DOCS / "upgrading.md", "sql")


@pytest.fixture
def drained(sqlite_project: Workplace) -> Path:
    """One phase completed, and one failed."""
    sqlite_project.fail("a/1", "a/2~fail", reason="as before")
    assert sqlite_project.inv("drain").code == 1
    return Path(sqlite_project.url.removeprefix("sqlite:///"))


def _run(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return [row for part in sql.split(";") if part.strip() for row in connection.execute(part)]


def test_the_ledger_says_what_each_run_cost(drained: Path) -> None:
    assert {row[:3] for row in _run(drained, COSTS)} == {("a", "complete", 1), ("a", "failed", 1)}


def test_the_phases_that_the_newest_session_completed_are_named(drained: Path, sqlite_project: Workplace) -> None:
    sqlite_project.fail("b/1", "b/2~fail")
    assert sqlite_project.inv("drain", "--run-id=b").code == 1
    assert _run(drained, COMPLETED) == [("b", "1", "FAILED")]


def test_a_phase_that_was_tried_twice_is_named_with_the_state_before_the_first_try(
    drained: Path, sqlite_project: Workplace
) -> None:
    sqlite_project.add(("c", "1~transient", 0, "QUEUED", None))
    sqlite_project.configure(retry={"initial_s": 0})
    assert sqlite_project.inv("drain-queued", "--run-id=c").code == 0
    assert _run(drained, COMPLETED) == [("c", "1~transient", "QUEUED")]


def test_attempts_may_be_deleted_and_the_next_drain_goes_on(drained: Path, sqlite_project: Workplace) -> None:
    _run(drained, re.sub(r"< \d+", "< 9999999999999", RETENTION))
    assert _run(drained, "SELECT count(*) FROM batchdrain_attempt") == [(0,)]
    assert sqlite_project.inv("drain").code == 1
    assert sqlite_project.inv("summary").code == 0


def test_what_is_still_held_is_given_back_without_batchdrain(drained: Path, sqlite_project: Workplace) -> None:
    key = "SELECT key FROM batchdrain_attempt WHERE phase_id = '2~fail'"
    _run(drained, f"UPDATE batchdrain_claim SET owner = 'x', prior_state = 'FAILED' WHERE key IN ({key})")
    _run(
        drained,
        "UPDATE batchdrain_claim SET owner = 'x', prior_state = 'NULL' WHERE prior_state <> 'FAILED' OR owner IS NULL",
    )
    _run(drained, "UPDATE phases SET state = 'EXECUTING'")
    sqlite_project.add(("c", "of somebody else", 1, "EXECUTING", None))

    _run(drained, RESTORE)
    assert sqlite_project.states() == {"a/1": None, "a/2~fail": "FAILED", "c/of somebody else": "EXECUTING"}


def test_nothing_of_batchdrain_stays_in_a_database_that_it_left(drained: Path, sqlite_project: Workplace) -> None:
    before = sqlite_project.phases()
    _run(drained, DROPS + LEAVE_WAL)
    assert _run(drained, "SELECT name FROM sqlite_master WHERE name LIKE 'batchdrain%'") == []
    assert _run(drained, "PRAGMA journal_mode") == [("delete",)]
    assert sqlite_project.phases() == before
