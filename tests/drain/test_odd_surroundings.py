"""Drains in surroundings that nobody plans for: they end in order, and say what there is to say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.chaos.faults import repeated
from tests.support.workplace import DEADLINE_S, INV, Workplace

BINARY = """
import os, sys
noise = bytes(byte for byte in range(256) if byte != 10) * 257
for out in (1, 2):
    for _ in range(64):
        os.write(out, noise)
sys.exit(1)
"""


def ran_by(place: Workplace, *wrapper: str) -> subprocess.CompletedProcess[bytes]:
    """A drain that something else starts."""
    argv = [*wrapper, *INV, "drain"]
    return subprocess.run(argv, cwd=place.root, env=place.environ(), capture_output=True, timeout=DEADLINE_S, check=False)


def test_ids_that_no_command_line_can_hold_fail_their_phase_alone(sqlite_project: Workplace) -> None:
    """Each argument is short enough, and all of them together are more than the system takes."""
    sqlite_project.configure(command={"argv": [sys.executable, "-c", "", *["{phase_id}"] * 90]})
    long = "x" * 100_000
    sqlite_project.add(("r", long, 0, "FAILED", None), ("r", "b", 1, "FAILED", None))

    ran = sqlite_project.inv("drain")

    assert (ran.code, "Traceback" in ran.err) == (1, False), ran.err
    state, reason = sqlite_project.phases()[f"r/{long}"]
    assert (state, sqlite_project.states()["r/b"]) == ("FAILED", "COMPLETE")
    assert str(reason).startswith("its ids cannot be passed as arguments: Argument list too long")


def test_a_terminal_of_one_column_breaks_no_task(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/1", "b/2~fail")
    for task, code in (
        ("dry-run", 0),
        ("drain", 1),
        ("summary", 0),
        ("sessions", 0),
        ("list-run-counts", 0),
        ("clusters", 0),
    ):
        ran = sqlite_project.inv(task, env={"COLUMNS": "1"})
        assert (ran.code, ran.err, ran.out != "") == (code, "", True), (task, ran)


@pytest.mark.parametrize("closed", ["<&-", "<&- >&-", "<&- >&- 2>&-"])
def test_a_drain_needs_none_of_the_three_streams(sqlite_project: Workplace, closed: str) -> None:
    """What a daemon closes is not given to the next file that is opened: nothing is printed into it."""
    sqlite_project.fail("a/1", "b/2")
    ran = ran_by(sqlite_project, "sh", "-c", f'exec "$@" {closed}', "sh")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert sqlite_project.session()["total_success"] == 2
    assert sqlite_project.events()[-1]["event"] == "session.completed"


def test_a_drain_needs_no_home(sqlite_project: Workplace) -> None:
    sqlite_project.fail("a/1")
    ran = ran_by(sqlite_project, "env", "-u", "HOME")
    assert (ran.returncode, ran.stderr, sqlite_project.states()) == (0, b"", {"a/1": "COMPLETE"})


def test_a_drain_needs_no_folder_to_stand_in(sqlite_project: Workplace, tmp_path: Path) -> None:
    """The command takes it away. Invoke itself needs one to find its tasks, unless it is told the project's."""
    gone = tmp_path / "gone"
    gone.mkdir()
    sqlite_project.configure(command={"argv": ["rm", "-rf", str(gone)]})
    sqlite_project.fail("a/1")
    argv = [*INV, "-r", str(sqlite_project.root)]
    for task in ("drain", "summary"):
        place, environ = (gone if gone.exists() else sqlite_project.root), sqlite_project.environ()
        line = ["sh", "-c", 'cd "$0" && rmdir "$0" 2>/dev/null; exec "$@"', str(gone)] if task == "summary" else []
        gone.mkdir(exist_ok=True)
        ran = subprocess.run(
            [*line, *argv, task], cwd=place, env=environ, capture_output=True, timeout=DEADLINE_S, check=False
        )
        assert (ran.returncode, ran.stderr) == (0, b"")
        assert not gone.exists()
    assert sqlite_project.states() == {"a/1": "COMPLETE"}


def test_a_settings_file_of_more_than_a_megabyte_is_read(sqlite_project: Workplace) -> None:
    path = sqlite_project.root / "invoke.yaml"
    path.write_text(path.read_text() + "\n" + "# a line of a long story\n" * 50_000)
    sqlite_project.fail("a/1")
    ran = sqlite_project.inv("drain")
    assert (ran.code, ran.err, path.stat().st_size > 1_000_000) == (0, "", True)


@repeated(47)
def test_binary_output_without_a_line_s_end_holds_no_command_up_and_is_capped(sqlite_project: Workplace) -> None:
    sqlite_project.configure(command={"argv": [sys.executable, "-c", BINARY], "log_max_mb": 1})
    sqlite_project.fail("r/p")

    ran = sqlite_project.inv("drain")

    assert (ran.code, ran.err) == (1, "")
    assert sqlite_project.sql("SELECT outcome, exit_code FROM batchdrain_attempt") == [("failed", 1)]
    logs = list(sqlite_project.sessions.glob("*/logs/*/*.txt"))
    assert len(logs) == 2
    assert all(log.stat().st_blocks * 512 < 2_500_000 for log in logs)
    assert all(line.isprintable() for line in ran.out.split("\n"))
    assert " [exit 1]" in str(sqlite_project.phases()["r/p"][1])


@repeated(27)
def test_a_table_that_somebody_locks_is_told_and_drained_when_it_is_free(server_project: Workplace) -> None:
    server_project.fail("a/1")
    assert server_project.inv("drain").code == 0
    server_project.fail("b/1")
    server_project.configure(patience={"operation_s": 1, "lock_s": 1, "outage_s": 0})
    is_postgresql = server_project.url.startswith("postgresql")
    with server_project.engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE phases IN ACCESS EXCLUSIVE MODE" if is_postgresql else "LOCK TABLES phases WRITE")
        ran = server_project.inv("drain")
        if not is_postgresql:
            other.exec_driver_sql("UNLOCK TABLES")
        other.rollback()

    assert (ran.code, "who holds" in ran.err, "Traceback" in ran.err) == (75, True, False), ran
    assert server_project.states()["b/1"] == "FAILED"
    server_project.configure(patience={})
    assert server_project.inv("drain").code == 0
    assert set(server_project.states().values()) == {"COMPLETE"}
