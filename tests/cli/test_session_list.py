"""`inv sessions`: the newest first, in 80 columns, with what each state means."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from batchdrain.cli.commands.session_row import count_anew, row_of
from batchdrain.database.ledger.session_counts import SessionCounts
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import CLOSED
from tests.cli.in_process import inv
from tests.sessions.files import put
from tests.support.workplace import Workplace, wait_for


def sessions(work: Workplace, count: int, **facts: object) -> None:
    """Files of sessions that have ended, one a minute."""
    work.sessions.mkdir(parents=True, mode=0o700)
    work.sessions.chmod(0o700)
    for number in range(count):
        name = f"batch-drain-20260101-00{number:02}00"
        session = {
            "session_id": name, "started_at": f"2026-01-01T00:{number:02}:00Z", "completed_at": "2026-01-02T00:00:00Z",
            "status": "complete", "batch_size": 100_000, "total_processed": 100_000, "total_success": 99_999, "total_failed": 1,
            **facts,
        }  # fmt: skip
        path = work.sessions / f"{name}.json"
        path.write_text(json.dumps(session))
        path.chmod(0o600)


def shown(work: Workplace, *argv: str) -> list[str]:
    ran = work.inv("sessions", *argv)
    assert ran.code == 0, ran
    assert [line for line in ran.lines if len(line) > 80] == []
    return re.findall(r"batch-drain-20260101-00(\d\d)00", ran.out)


def test_the_newest_20_are_shown_and_more_when_asked_for(sqlite_project: Workplace) -> None:
    sessions(sqlite_project, 23)
    newest = [f"{number:02}" for number in range(22, -1, -1)]
    assert shown(sqlite_project) == newest[:20]
    assert sqlite_project.inv("sessions").lines[-1] == "and 3 older ones (--all shows them)"
    assert (shown(sqlite_project, "--all"), shown(sqlite_project, "--top=2")) == (newest, newest[:2])
    as_json = [sqlite_project.inv("sessions", "--format=json", *more).json() for more in ((), ("--top=2",))]
    assert [len(rows) for rows in as_json] == [23, 2]


def test_whatever_is_at_work_is_shown_however_old(sqlite_project: Workplace) -> None:
    sessions(sqlite_project, 23)
    lock = SessionFolder(sqlite_project.sessions).lock("batch-drain-20260101-000100")
    assert shown(sqlite_project)[-1] == "01"
    os.close(lock)


def test_a_session_whose_process_drains_it_is_running_and_one_that_was_killed_died(project: Workplace) -> None:
    project.fail("r/p~until=go")
    drain = project.start("drain")
    wait_for(lambda: list(project.sessions.glob("*/logs/*/*.stdout.txt")), "the phase")
    running = project.inv("sessions").lines
    drain.kill()
    drain.communicate(timeout=60)
    died = project.inv("sessions").lines

    name = project.session()["session_id"]
    told = [next(line.split()[2] for line in lines if line.startswith(name)) for lines in (running, died)]
    assert told == ["running", "died"], (running, died)
    assert (running[-1], died[-1].split()[:4]) == ("running     a process drains it now", ["died", "its", "process", "died:"])


def test_a_session_that_somebody_paused_is_listed_as_paused_and_what_the_ledger_has_of_a_dead_one_is_counted(
    sqlite_project: Workplace,
) -> None:
    sqlite_project.configure(lease={"beat_s": 0.1})
    sqlite_project.fail("r/p", "r/q~until=go", "r/z")
    drain = sqlite_project.start("drain")
    wait_for(lambda: list(sqlite_project.sessions.glob("*/logs/r/q*.stdout.txt")), "the second phase")
    assert sqlite_project.inv("pause").code == 0
    wait_for(lambda: "paused" in sqlite_project.inv("status").out, "the pause")
    [row] = sqlite_project.inv("sessions", "--format=json").json()
    assert (row["status"], row["is_paused"]) == ("running", True)
    assert sqlite_project.inv("sessions").lines[-1].startswith("paused ")
    drain.kill()
    drain.communicate(timeout=60)
    sqlite_project.sql("""UPDATE batchdrain_session SET progress = '{"target": 3}'""")
    assert "  1/3 · 1 ok · 0 failed · last sign of life " in sqlite_project.inv("status").out
    [path] = sqlite_project.session_files()
    path.write_text(json.dumps({**json.loads(path.read_text()), "results": [], "total_processed": 0, "total_success": 0}))
    assert sqlite_project.inv("sessions").lines[1].split()[2:5] == ["died", "1/10", "1"], "its file may lack the last results"


@pytest.mark.parametrize(
    ("processed", "succeeded", "waiting", "shown"),
    [(3, 1, 1, (3, 1, 2, 1)), (3, 2, 1, (3, 2, 1, 0)), (4, 3, 2, (4, 3, 1, 1)), (2, 2, 1, (3, 1, 2, 1))],
    ids=["as in the file", "but its retry succeeded", "and one more", "but some were removed"],
)
def test_of_a_dead_session_the_ledger_says_what_became_of_each_phase(
    processed: int, succeeded: int, waiting: int, shown: tuple[int, ...]
) -> None:
    file = {"total_processed": 3, "total_success": 1, "total_failed": 2, "retries_waiting": waiting, "success_rate": 1 / 3}
    row = count_anew(file, SessionCounts(processed=processed, succeeded=succeeded))
    assert tuple(row[name] for name in ("total_processed", "total_success", "total_failed", "retries_waiting")) == shown
    assert row["success_rate"] == shown[1] / shown[0]
    assert count_anew(file, None) == file


@pytest.mark.parametrize(
    ("facts", "is_held", "paused", "told"),
    [
        ({}, False, True, (False, False)), ({"completed_at": None, "status": "running"}, True, True, (True, False)),
        ({"completed_at": None, "status": "running"}, True, False, (False, False)),
        ({"completed_at": None, "status": "running"}, False, True, (False, False)),
        ({"stopped_because": CLOSED}, False, False, (False, True)), ({"stopped_because": "other"}, False, False, (False, False)),
        ({"stopped_because": CLOSED, "status": "stopped"}, False, False, (False, False)),
    ],
)  # fmt: skip
def test_a_session_is_paused_while_it_lives_and_closed_where_somebody_ended_it(
    sqlite_project: Workplace, facts: dict[str, object], is_held: bool, paused: bool, told: tuple[bool, bool]
) -> None:
    sessions(sqlite_project, 1, session_uid="u" * 32, **facts)
    folder, name = SessionFolder(sqlite_project.sessions), "batch-drain-20260101-000000"
    lock = folder.lock(name) if is_held else None
    known = set[str]()
    row = row_of(folder, name, folder.load(name), {}, known, frozenset({"u" * 32}) if paused else frozenset())
    assert ((row["is_paused"], row["is_closed"]), row["alive"], known) == (told, is_held, {"u" * 32})
    assert (row["completed_at"] is None) is ("completed_at" in facts)
    if lock is not None:
        os.close(lock)


@pytest.mark.parametrize(
    ("facts", "status"),
    [({"completed_at": None, "status": "running"}, "died"), ({"completed_at": None, "status": "interrupted"}, "interrupted"),
     ({"status": "stopped"}, "stopped"), ({}, "complete"), ({"results": 5}, "unreadable")],
    ids=["died", "interrupted", "stopped", "complete", "unreadable"],
)  # fmt: skip
def test_each_state_is_told_in_plain_words(
    sqlite_project: Workplace,
    facts: dict[str, object],
    status: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sessions(sqlite_project, 1, **facts)
    ran = inv(["sessions"], sqlite_project.root, capsys, monkeypatch)
    assert f" {status} " in " ".join([*ran.lines[1:3], ""]), "also where the name has a line of its own"
    assert ran.lines[-1].startswith(status)
    assert all(len(line) <= 80 for line in ran.lines), ran.lines


@pytest.mark.parametrize(("status", "waiting"), [("interrupted", 1), ("stopped", 1), ("complete", 0)])
def test_a_retry_that_a_resume_executes_is_counted_apart_until_nobody_resumes_the_session(
    sqlite_project: Workplace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, status: str, waiting: int
) -> None:
    left = {"run_id": "r", "phase_id": "p", "success": False, "final_state": "FAILED", "retry_at": "2025-12-28T12:00:09Z"}
    over = None if status == "interrupted" else "2025-12-28T13:00:00Z"
    put(sqlite_project, status=status, completed_at=over, total_processed=1, total_failed=1, results=[left])
    [row] = json.loads(inv(["sessions", "--format=json"], sqlite_project.root, capsys, monkeypatch).out)
    assert (row["total_failed"], row["retries_waiting"]) == (1, waiting)


def test_a_long_name_has_a_line_of_its_own(sqlite_project: Workplace) -> None:
    sessions(sqlite_project, 1)
    [path] = sqlite_project.session_files()
    name = "n" * 70
    found = {**json.loads(path.read_text()), "session_id": name}
    path.rename(Path(path.parent, f"{name}.json")).write_text(json.dumps(found))
    lines = sqlite_project.inv("sessions").lines
    assert (lines[1], all(len(line) <= 80 for line in lines)) == (name, True)


COUNTING = """
import sys
from batchdrain.collection import ns as ns
from batchdrain.drain.project import Project
opening = Project.open
def counted(*args, **kwargs):
    print("opened", file=sys.stderr)
    return opening(*args, **kwargs)
Project.open = counted
"""


def test_the_database_is_opened_once_also_where_chains_are_listed(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    assert sqlite_project.inv("drain-all").code == 0
    sessions_before = sqlite_project.inv("sessions").lines
    (sqlite_project.root / "tasks.py").write_text(COUNTING)

    ran = sqlite_project.inv("sessions")

    assert (ran.lines, ran.err.splitlines()) == (sessions_before, ["opened"])
    assert ran.lines[1].split()[1:3] == ["chain", "complete"]
