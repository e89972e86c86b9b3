"""A session whose file is gone, or whose process is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.workplace import Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")


def interrupted(work: Workplace) -> Path:
    """The file of a session that a signal ended at its third phase of four."""
    (work.root / "flag").touch()
    work.fail("r/a", "r/b~fail", "r/c~while=flag", "r/d")
    drain = work.start("drain", "--policy=run-order")
    wait_for(lambda: len(list(work.sessions.glob("*/logs/*.stdout.txt"))) == 3, "the third phase")
    drain.send_signal(signal.SIGINT)
    drain.communicate(timeout=60)
    assert drain.returncode == 130
    (work.root / "flag").unlink()
    return work.session_files()[0]


@pytest.mark.everyday("sqlite", "postgresql")
def test_a_lost_session_file_is_told_and_rebuilt_from_the_ledger(work: Workplace) -> None:
    path = interrupted(work)
    path.unlink()

    told, rows = work.inv("sessions").out, work.inv("sessions", "--format=json").json()
    assert f"{path.stem:<34} lost: " in told
    assert "the file is gone" in told
    assert [(row["session_id"], row["lost"], row["alive"]) for row in rows] == [(path.stem, True, False)]
    assert "Total Processed: 2" in work.inv("summary").lines
    dry = work.inv("dry-run", "--resume")
    assert "r / c~while=flag" in dry.out, dry
    assert not path.exists()

    assert work.inv("resume").code == 1

    assert work.taken() == ["r/a", "r/b~fail", "r/c~while=flag", "r/d"]
    assert (work.session()["session_id"], work.session()["status"]) == (path.stem, "complete")


def test_a_lost_session_is_resumed_by_its_name(lite: Workplace) -> None:
    path = interrupted(lite)
    path.unlink()

    assert lite.inv("resume", f"--session-id={path.stem}").code == 1
    assert len(lite.taken()) == 4


def test_a_lost_session_that_was_complete_is_no_session_to_resume(lite: Workplace) -> None:
    lite.fail("r/a")
    lite.inv("drain")
    path = lite.session_files()[0]
    path.unlink()
    lite.fail("s/b")

    assert "no session is incomplete" in lite.inv("resume").out
    assert "Total Processed: 1" in lite.inv("summary", f"--session-id={path.stem}").lines
    assert lite.states()["s/b"] == "FAILED"


def test_a_session_that_neither_file_nor_ledger_knows_is_passed_over_unless_it_is_named(lite: Workplace) -> None:
    path = interrupted(lite)
    name = "batch-drain-29991231-235959"
    (lite.sessions / name / "logs").mkdir(parents=True)

    named = lite.inv("resume", f"--session-id={name}")
    assert (named.code, f"the ledger does not know session {name}" in named.err) == (65, True)
    assert lite.inv("summary", f"--session-id={name}").code == 65
    assert f"Session ID: {path.stem}" in lite.inv("summary").lines
    assert lite.inv("resume").code == 1
    assert lite.session()["session_id"] == path.stem
    assert "no session is incomplete" in lite.inv("resume").out


def test_a_session_whose_process_was_killed_is_shown_as_interrupted(work: Workplace) -> None:
    work.fail("r/a~hang", "r/b")
    drain = work.start("drain")
    wait_for(lambda: list(work.sessions.glob("*/logs/*.stdout.txt")), "the first phase")
    row = work.inv("sessions", "--format=json").json()[0]
    assert (row["status"], row["alive"]) == ("running", True)
    assert "its process died" not in work.inv("sessions").out
    os.kill(drain.pid, signal.SIGKILL)
    drain.communicate()

    assert " interrupted (its process died) " in work.inv("sessions").out
    row = work.inv("sessions", "--format=json").json()[0]
    assert (row["status"], row["alive"]) == ("running", False)
    summary = work.inv("summary").lines
    assert "Completed: not yet (interrupted)" in summary
    assert "Stopped because: its process died" in summary
