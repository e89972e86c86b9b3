"""The command that goes on with a session is told where one can go on, and names the session where another would be taken."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.cli.commands.go_on import to_next_command
from batchdrain.cli.commands.resume_choice import tell_choice
from batchdrain.cli.invocation import Invocation
from batchdrain.failures.fingerprints import VERSION
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import whole_of
from tests.sessions.files import HEAD

INV = Invocation(section={}, environ={}, root=Path(), dry=False, words=("inv", "-c", "my tasks"), mount="b.")
ANEW = "inv -c 'my tasks' b.drain"
BARE, ENDED = "inv -c 'my tasks' b.resume", "2025-12-28T13:00:00Z"
USED_UP = {"status": "stopped", "completed_at": ENDED, "stopped_because": "stop.same_new_failure: x"}
WAITS = {"run_id": "r", "phase_id": "p", "retry_at": ENDED}
OLD, MINE, NEW = (f"batch-drain-20251228-12000{number}" for number in range(3))


def put(folder: SessionFolder, name: str, **fields: Any) -> Session:
    path = folder.path(name)
    path.write_text(json.dumps({**HEAD, "session_id": name, "started_at": f"2025-12-28T12:00:0{name[-1]}Z", **fields}))
    path.chmod(0o600)
    return folder.load(name)


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    found = SessionFolder(tmp_path / "sessions")
    found.prepare()
    put(found, OLD, completed_at=ENDED)
    return found


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        ({"status": "interrupted"}, BARE),
        ({"status": "running"}, BARE),
        ({}, BARE),
        ({"status": "complete", "completed_at": ENDED}, None),
        ({"completed_at": ENDED}, None),
        ({"status": "stopped", "completed_at": ENDED, "stopped_because": "stop.max_repeats: x"}, f"{BARE} --session-id={MINE}"),
        ({"status": "stopped", "completed_at": ENDED}, f"{BARE} --session-id={MINE}"),
        ({"status": "stopped", "completed_at": ENDED, "stopped_because": "session is full: x"}, ANEW),
        ({**USED_UP, "total_processed": 3}, ANEW),
        ({**USED_UP, "total_processed": 3, "chain_uid": "c" * 32}, f"{BARE} --session-id={MINE}"),
        ({**USED_UP, "total_processed": 2}, f"{BARE} --session-id={MINE}"),
        ({**USED_UP, "total_processed": 2, "filters": {"plan": [{}, {}]}}, None),
        ({**USED_UP, "total_processed": 2, "balance": {"waiting": 1}}, f"{BARE} --session-id={MINE}"),
        ({**USED_UP, "total_processed": 2, "balance": {}}, ANEW),
        ({**USED_UP, "total_processed": 2, "balance": {}, "kind": "queued"}, None),
        ({**USED_UP, "total_processed": 1, "balance": {}, "results": [WAITS]}, f"{BARE} --session-id={MINE}"),
        ({"status": "interrupted", "stopped_because": "session is full: x"}, ANEW),
        ({"status": "stopped", "completed_at": ENDED, "filters": {"group": "g"}}, None),
        ({"status": "interrupted", "filters": {"group": "g"}}, BARE),
    ],
)  # fmt: skip
def test_a_session_goes_on_unless_it_is_complete_or_takes_nothing_more(
    folder: SessionFolder, facts: dict[str, Any], command: str | None
) -> None:
    assert to_next_command(INV, folder, put(folder, MINE, **facts)) == command


def test_while_a_process_drains_it_nothing_is_to_be_typed(folder: SessionFolder) -> None:
    mine = put(folder, MINE, status="running")
    lock = folder.lock(MINE)
    try:
        assert to_next_command(INV, folder, mine) is None
    finally:
        os.close(lock)
    assert to_next_command(INV, folder, mine) == BARE


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        ({"filters": {"run_id": "x y", "exclude_runs": ["a,b", "c*"]}}, "drain '--run-id=x y' '--exclude-run=a\\,b' '--exclude-run=c*'"),
        ({"filters": {"categories": ["timeout", "other"], "cluster": "e3b0c44298", "cluster_version": VERSION}}, "drain --category=timeout,other --cluster=e3b0c44298"),
        ({"filters": {"cluster": "e3b0c44298", "cluster_version": VERSION - 1}}, None),
        ({"filters": {"cluster": "e3b0c44298"}}, None),
        ({"filters": {"include_quarantined": True, "exclude_runs": 5, "run_id": 7}}, "drain --include-quarantined"),
        ({"kind": "queued", "filters": {"run_id": "r", "max_batches": None}}, "drain-queued --run-id=r"),
        ({"kind": "queued", "chain_uid": "c" * 32}, "drain-all"),
        ({"chain_uid": "c" * 32, "filters": {"run_id": "r"}}, "chain-with-queued --run-id=r"),
        ({"filters": {"plan": []}}, None),
        ({"filters": {"group": "g"}}, None),
    ],
)  # fmt: skip
def test_a_session_that_has_spent_its_budget_is_followed_by_a_new_drain_of_the_same_phases(
    folder: SessionFolder, facts: dict[str, Any], command: str | None
) -> None:
    spent = {"status": "stopped", "completed_at": ENDED, "stopped_because": "stop.max_metric: 9 of 't' were reported"}
    found = to_next_command(INV, folder, put(folder, MINE, **spent, **facts))
    assert found == (None if command is None else ANEW.replace("b.drain", f"b.{command}"))


@pytest.mark.parametrize(
    ("rule", "command"),
    [
        *((rule, f"{BARE} --session-id={MINE}") for rule in (
            "stop.max_total_minutes", "stop.max_consecutive_failures", "stop.max_without_metric", "stop.same_new_failure",
            "retry.outage_after", "--stop-on-first-failure",
        )),
        *((rule, ANEW) for rule in ("stop.max_metric", "stop.success_floor", "session is full")),
        ("--group", None),
    ],
)  # fmt: skip
def test_the_rule_that_stopped_a_session_tells_what_goes_on(folder: SessionFolder, rule: str, command: str | None) -> None:
    for because in (f"{rule}: x", f"stop.max_total_minutes: y; {rule}: x"):
        mine = put(folder, MINE, status="stopped", completed_at=ENDED, stopped_because=because)
        assert to_next_command(INV, folder, mine) == command


def test_of_two_stops_of_a_chain_the_one_that_is_spent_counts(folder: SessionFolder) -> None:
    because = "stop.max_total_minutes: 5 minutes are over; stop.success_floor: 0.0% of 9 succeeded; and so on"
    mine = put(folder, MINE, status="stopped", completed_at=ENDED, stopped_because=because)
    assert to_next_command(INV, folder, mine) == ANEW


@pytest.mark.parametrize(
    ("newer", "is_named"),
    [
        ({"completed_at": ENDED}, False),
        ({"completed_at": ENDED, "status": "stopped"}, False),
        ({}, True),
        ({"completed_at": ENDED, "chain_uid": "c" * 32}, True),
    ],
)
def test_it_is_named_where_a_resume_without_a_name_would_take_a_newer_one(
    folder: SessionFolder, newer: dict[str, Any], is_named: bool
) -> None:
    mine = put(folder, MINE, status="interrupted")
    put(folder, NEW, **newer)
    assert to_next_command(INV, folder, mine) == (f"{BARE} --session-id={MINE}" if is_named else BARE)


def test_it_is_named_where_a_newer_file_can_not_be_read_and_where_its_own_is_not_there(folder: SessionFolder) -> None:
    mine = put(folder, MINE, status="interrupted")
    folder.path(NEW).write_text("{")
    folder.path(NEW).chmod(0o600)
    assert to_next_command(INV, folder, mine) == f"{BARE} --session-id={MINE}"
    folder.path(NEW).unlink()
    folder.path(MINE).unlink()
    assert to_next_command(INV, folder, mine) == f"{BARE} --session-id={MINE}"


def test_a_chain_goes_on_by_its_first_part_that_is_not_complete_and_a_stopped_one_by_its_last(folder: SessionFolder) -> None:
    first = put(folder, OLD, completed_at=ENDED, status="complete", chain_uid="c" * 32)
    second = put(folder, MINE, status="interrupted", chain_uid="c" * 32)
    assert to_next_command(INV, folder, whole_of([first, second], None)) == BARE
    stopped = whole_of([put(folder, OLD, status="interrupted", chain_uid="c" * 32), second], Status.STOPPED, "x")
    assert to_next_command(INV, folder, stopped) == f"{BARE} --session-id={OLD}"
    ended = put(folder, MINE, completed_at=ENDED, status="stopped", chain_uid="c" * 32)
    assert to_next_command(INV, folder, whole_of([first, ended], Status.STOPPED)) == f"{BARE} --session-id={MINE}"


def test_which_session_is_taken_is_told_where_it_is_not_the_newest_and_not_else(
    folder: SessionFolder, capsys: pytest.CaptureFixture[str]
) -> None:
    project = cast("Any", SimpleNamespace(folder=folder))
    mine = put(folder, MINE, status="interrupted")
    tell_choice(project, mine)
    assert capsys.readouterr().out == ""
    put(folder, NEW, status="stopped", completed_at=ENDED)
    tell_choice(project, mine)
    begun = f"Continuing session {MINE}, begun 2025-12-28T12:00:01Z; the newest, {NEW}, is"
    assert capsys.readouterr().out == f"{begun} stopped.\n"
    folder.path(NEW).write_text("{")
    tell_choice(project, mine)
    assert capsys.readouterr().out == f"{begun} unreadable.\n"
