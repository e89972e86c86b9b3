"""A session whose file is gone, or whose process is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.workplace import Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")


def interrupted(project: Workplace) -> Path:
    """The file of a session that a signal ended at its third phase of four."""
    (project.root / "flag").touch()
    project.fail("r/a", "r/b~fail", "r/c~while=flag", "r/d")
    drain = project.start("drain", "--policy=run-order")
    wait_for(lambda: len(list(project.sessions.glob("*/logs/*/*.stdout.txt"))) == 3, "the third phase")
    drain.send_signal(signal.SIGINT)
    drain.communicate(timeout=60)
    assert drain.returncode == 130
    (project.root / "flag").unlink()
    return project.session_files()[0]


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_lost_session_file_is_told_and_rebuilt_from_the_ledger(project: Workplace) -> None:
    path = interrupted(project)
    path.unlink()

    told, rows = project.inv("sessions").out, project.inv("sessions", "--format=json").json()
    assert [line.split() for line in told.splitlines() if line.startswith(path.stem)] == [[path.stem, "lost"]]
    assert "the file is gone" in told
    assert [(row["session_id"], row["lost"], row["alive"]) for row in rows] == [(path.stem, True, False)]
    assert "Total Processed: 2" in project.inv("summary").lines
    dry = project.inv("dry-run", "--resume")
    assert "r / c~while=flag" in dry.out, dry
    assert not path.exists()

    assert project.inv("resume").code == 1

    assert project.taken() == ["r/a", "r/b~fail", "r/c~while=flag", "r/d"]
    assert (project.session()["session_id"], project.session()["status"]) == (path.stem, "complete")


def test_a_lost_session_is_resumed_by_its_name(sqlite_project: Workplace) -> None:
    path = interrupted(sqlite_project)
    path.unlink()

    assert sqlite_project.inv("resume", f"--session-id={path.stem}").code == 1
    assert len(sqlite_project.taken()) == 4


def test_a_lost_session_that_was_complete_is_no_session_to_resume(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.inv("drain")
    path = sqlite_project.session_files()[0]
    path.unlink()
    sqlite_project.fail("s/b")

    assert "no session is incomplete" in sqlite_project.inv("resume").out
    assert "Total Processed: 1" in sqlite_project.inv("summary", f"--session-id={path.stem}").lines
    assert sqlite_project.states()["s/b"] == "FAILED"


def test_a_session_that_neither_file_nor_ledger_knows_is_passed_over_unless_it_is_named(sqlite_project: Workplace) -> None:
    path = interrupted(sqlite_project)
    name = "batch-drain-29991231-235959"
    (sqlite_project.sessions / name / "logs").mkdir(parents=True)

    named = sqlite_project.inv("resume", f"--session-id={name}")
    assert (named.code, f"the ledger does not know session {name}" in named.err) == (65, True)
    assert sqlite_project.inv("summary", f"--session-id={name}").code == 65
    assert f"Session ID: {path.stem}" in sqlite_project.inv("summary").lines
    assert sqlite_project.inv("resume").code == 1
    assert sqlite_project.session()["session_id"] == path.stem
    assert "no session is incomplete" in sqlite_project.inv("resume").out


def test_a_session_whose_process_was_killed_is_shown_as_interrupted(project: Workplace) -> None:
    project.fail("r/a~hang", "r/b")
    drain = project.start("drain")
    wait_for(lambda: list(project.sessions.glob("*/logs/*/*.stdout.txt")), "the first phase")
    row = project.inv("sessions", "--format=json").json()[0]
    assert (row["status"], row["alive"]) == ("running", True)
    assert " died " not in project.inv("sessions").out
    os.kill(drain.pid, signal.SIGKILL)
    drain.communicate()

    assert " died " in project.inv("sessions").out
    row = project.inv("sessions", "--format=json").json()[0]
    assert (row["status"], row["alive"]) == ("running", False)
    summary = project.inv("summary").lines
    assert "Completed: not yet (interrupted)" in summary
    assert "Stopped because: its process died" in summary
