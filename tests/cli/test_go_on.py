"""The command that goes on with a session is told where one can go on, and names the session where another would be taken."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.cli.commands.go_on import to_resume_command
from batchdrain.cli.commands.resume_choice import tell_choice
from batchdrain.cli.invocation import Invocation
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import whole_of
from tests.sessions.files import HEAD

INV = Invocation(section={}, environ={}, root=Path(), dry=False, words=("inv", "-c", "my tasks"), mount="b.")
BARE, ENDED = "inv -c 'my tasks' b.resume", "2025-12-28T13:00:00Z"
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
        ({"status": "stopped", "completed_at": ENDED, "stopped_because": "session is full: x"}, None),
        ({"status": "interrupted", "stopped_because": "session is full: x"}, None),
        ({"status": "stopped", "completed_at": ENDED, "filters": {"group": "g"}}, None),
        ({"status": "interrupted", "filters": {"group": "g"}}, BARE),
    ],
)  # fmt: skip
def test_a_session_goes_on_unless_it_is_complete_or_takes_nothing_more(
    folder: SessionFolder, facts: dict[str, Any], command: str | None
) -> None:
    assert to_resume_command(INV, folder, put(folder, MINE, **facts)) == command


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
    assert to_resume_command(INV, folder, mine) == (f"{BARE} --session-id={MINE}" if is_named else BARE)


def test_it_is_named_where_a_newer_file_can_not_be_read_and_where_its_own_is_not_there(folder: SessionFolder) -> None:
    mine = put(folder, MINE, status="interrupted")
    folder.path(NEW).write_text("{")
    folder.path(NEW).chmod(0o600)
    assert to_resume_command(INV, folder, mine) == f"{BARE} --session-id={MINE}"
    folder.path(NEW).unlink()
    folder.path(MINE).unlink()
    assert to_resume_command(INV, folder, mine) == f"{BARE} --session-id={MINE}"


def test_a_chain_goes_on_by_its_first_part_that_is_not_complete_and_a_stopped_one_by_its_last(folder: SessionFolder) -> None:
    first = put(folder, OLD, completed_at=ENDED, status="complete", chain_uid="c" * 32)
    second = put(folder, MINE, status="interrupted", chain_uid="c" * 32)
    assert to_resume_command(INV, folder, whole_of([first, second], None)) == BARE
    stopped = whole_of([put(folder, OLD, status="interrupted", chain_uid="c" * 32), second], Status.STOPPED, "x")
    assert to_resume_command(INV, folder, stopped) == f"{BARE} --session-id={OLD}"
    ended = put(folder, MINE, completed_at=ENDED, status="stopped", chain_uid="c" * 32)
    assert to_resume_command(INV, folder, whole_of([first, ended], Status.STOPPED)) == f"{BARE} --session-id={MINE}"


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
