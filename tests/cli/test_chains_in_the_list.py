"""The sessions of a chain are one line: with what all of them came to, and the session by which it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.cli.commands.chain_rows import join_chains, read_chains_left
from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.model.errors import BatchDrainError, ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.reports.session_table import render_sessions, status_of
from tests.cli.called import invocation_of
from tests.sessions.files import START
from tests.support.opened import opened
from tests.support.workplace import Workplace


def row(name: str, status: str, *, chain: str | None = "c", alive: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "session_id": name, "chain_uid": chain, "kind": "failed", "status": status, "alive": alive, "started_at": f"began {name}",
        "completed_at": "then" if status in {"complete", "stopped"} else None, "held": [{"said": name}], "batch_size": 5,
        "total_processed": 4, "total_success": 3, "total_failed": 1, "success_rate": 0.75, "elsewhere": None,
        "is_paused": False, "is_closed": False, "retries_waiting": 0, **more,
    }  # fmt: skip


def left(*, ended: bool) -> dict[str, ChainRow]:
    return {"c": ChainRow(uid="c", task="drain-all", started_at=START, asked={}, ended_at=START if ended else None)}


def test_what_is_of_no_chain_stays_and_a_chain_stands_where_its_newest_session_stood() -> None:
    rows = [row("4", "complete", chain=None), row("3", "complete"), row("2", "complete", chain=None),
            row("1", "stopped", total_processed=6, total_success=2, total_failed=4, success_rate=1 / 3)]  # fmt: skip
    found = join_chains(rows, {})
    assert [one["session_id"] for one in found] == ["4", "3", "2"]
    chain = found[1]
    assert (chain["kind"], chain["total_processed"], chain["total_success"], chain["total_failed"], chain["success_rate"]) == (
        "chain", 10, 5, 5, 0.5,
    )  # fmt: skip
    assert (chain["started_at"], [one["said"] for one in chain["held"]], chain["batch_size"]) == ("began 1", ["3", "1"], None)
    assert found[0] is rows[0]


@pytest.mark.parametrize(
    ("newer", "older", "known", "status", "named"),
    [
        (row("2", "complete"), row("1", "complete"), {}, "complete", "2"),
        (row("2", "complete", is_closed=True), row("1", "complete"), {}, "closed", "2"),
        (row("2", "complete"), row("1", "complete", is_closed=True), {}, "closed", "2"),
        (row("2", "interrupted"), row("1", "complete", is_closed=True), left(ended=False), "interrupted", "2"),
        (row("2", "running", alive=True), row("1", "complete"), left(ended=False), "running", "2"),
        (row("2", "interrupted"), row("1", "complete"), left(ended=False), "interrupted", "2"),
        (row("2", "complete"), row("1", "interrupted"), left(ended=False), "interrupted", "1"),
        (row("2", "complete"), row("1", "stopped"), left(ended=True), "stopped", "2"),
        (row("2", "complete"), row("1", "complete"), left(ended=False), "interrupted", "2"),
        (row("2", "complete"), row("1", "complete"), left(ended=True), "stopped", "2"),
        (row("2", "stopped"), row("1", "interrupted"), left(ended=False), "interrupted", "1"),
    ],
)
def test_a_chain_is_as_far_as_what_is_left_of_it(
    newer: dict[str, Any], older: dict[str, Any], known: dict[str, ChainRow], status: str, named: str
) -> None:
    [found] = join_chains([newer, older], known)
    assert (status_of(found), found["session_id"], found["alive"]) == (status, named, newer["alive"])
    assert status in list(render_sessions([{**found, "held": []}]))[1]


def test_a_chain_waits_for_what_its_parts_wait_for_is_paused_as_one_and_closed_once_nothing_is_left() -> None:
    rows = [row("2", "stopped", retries_waiting=1, is_closed=True), row("1", "stopped", retries_waiting=2, is_paused=True)]
    [found] = join_chains(rows, left(ended=True))
    assert (found["retries_waiting"], found["is_paused"], found["is_closed"]) == (3, True, False)
    for first, is_closed in (("complete", True), ("stopped", False)):
        rows = [row("2", "complete", is_closed=True), row("1", first)]
        assert join_chains(rows, {})[0]["is_closed"] is is_closed


@pytest.mark.parametrize(
    ("states", "alive", "status"),
    [
        (("running", "complete"), False, "running"), (("complete", "running"), False, "running"),
        (("interrupted", "stopped"), False, "interrupted"), (("stopped", "interrupted"), True, "running"),
        (("complete", "stopped"), False, "stopped"), (("complete", "complete"), True, "running"),
    ],
)  # fmt: skip
def test_a_chain_of_which_nothing_else_is_known_is_as_far_as_its_parts(
    states: tuple[str, str], alive: bool, status: str
) -> None:
    rows = [row("2", states[0]), row("1", states[1], alive=alive)]
    [found] = join_chains(rows, {})
    assert (found["status"], found["alive"]) == (status, alive)
    [known] = join_chains(rows, left(ended=True))
    assert known["status"] == ("stopped" if status == "complete" else status)


@pytest.mark.parametrize("error", [DatabaseUnavailable("away"), FilesUnavailable("away"), ConfigError("away"), None])
def test_without_the_database_no_chain_is_known(
    sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch, error: BatchDrainError | None
) -> None:
    with opened(sqlite_project) as project:
        chain = ChainRow(uid="c", task="drain-all", started_at=START, asked={})
        Chains(project.store.database, project.store.ledger).write(chain)
    if error is None:
        assert [*read_chains_left(invocation_of(sqlite_project))] == ["c"]
        return

    def away(*_: object) -> None:
        raise error

    monkeypatch.setattr(Chains, "read_left", away)
    assert read_chains_left(invocation_of(sqlite_project)) == {}


def test_a_chain_that_came_to_nothing_has_no_rate() -> None:
    nothing: dict[str, Any] = {"total_processed": 0, "total_success": 0, "total_failed": 0, "success_rate": None}
    assert join_chains([row("1", "complete", **nothing)], {})[0]["success_rate"] is None


@pytest.mark.parametrize(
    ("given", "done"),
    [({}, "4/5"), ({"batch_size": None}, "4"), ({"kind": "queued"}, "4"), ({"kind": "chain", "batch_size": None}, "4")],
    ids=["failed", "an earlier program's", "queued", "chain"],
)
def test_only_where_a_batch_is_all_it_is_said_of_how_many(given: dict[str, Any], done: str) -> None:
    """A session of queued phases takes batch after batch."""
    line = list(render_sessions([{**row("s", "stopped", chain=None), "held": [], **given}]))[1]
    assert line.split()[3:] == [done, "3", "1", "75.0%"]
