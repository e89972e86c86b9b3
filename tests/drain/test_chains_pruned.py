"""A chain of which something is left is not pruned; one that is closed or complete goes with its sessions."""

from __future__ import annotations

import pytest

from tests.drain.chaining import end_between, queue
from tests.support.aging import DAY_MS, age
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

PRUNE = ("prune", "--older-than=30d", "--yes")


def left_between(work: Workplace) -> str:
    """The id of the only session of a chain that was killed before its second part, long ago."""
    queue(work, "r/q")
    work.fail("s/f")
    end_between(work, "drain-all")
    name = str(work.session()["session_id"])
    age(work, 40)
    return name


def chains(work: Workplace) -> list[tuple[object, ...]]:
    return [tuple(row) for row in work.sql("SELECT status, ended_ms IS NULL FROM batchdrain_chain")]


def test_a_complete_session_whose_chain_goes_on_is_not_pruned(sqlite_project: Workplace) -> None:
    name = left_between(sqlite_project)
    assert sqlite_project.session()["status"] == "complete"

    kept = sqlite_project.inv(*PRUNE, "--format=json").json()["kept"]

    assert {row["why"]: row["sessions"] for row in kept} == {"to be resumed": [name]}
    assert sqlite_project.inv("resume").code == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


def test_a_chain_that_was_left_is_closed_and_then_pruned_with_its_record(sqlite_project: Workplace) -> None:
    left_between(sqlite_project)
    assert chains(sqlite_project) == [(None, 1)]

    closed = sqlite_project.inv("resume", "--close")

    assert (closed.code, chains(sqlite_project)) == (0, [("complete", 0)]), closed
    assert "Nothing to close" in sqlite_project.inv("resume", "--close").out
    assert "Nothing to resume" in sqlite_project.inv("resume").out
    assert sqlite_project.states()["s/f"] == "FAILED", "no work is started"
    sqlite_project.sql(f"UPDATE batchdrain_chain SET ended_ms = ended_ms - {40 * DAY_MS}")
    assert sqlite_project.inv(*PRUNE).code == 0
    assert (chains(sqlite_project), list(sqlite_project.sessions.iterdir())) == ([], [])
