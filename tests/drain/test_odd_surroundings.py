"""Drains in surroundings that nobody plans for: they end in order, and say what there is to say."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.chaos.faults import repeated
from tests.workplace import DEADLINE_S, INV, Workplace

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


def test_an_id_that_no_command_line_can_hold_fails_its_phase_alone(lite: Workplace) -> None:
    """Linux takes 128 kB in one argument or variable."""
    endless = "x" * 140_000
    lite.add(("r", endless, 0, "FAILED", None), ("r", "b", 1, "FAILED", None))

    ran = lite.inv("drain")

    assert (ran.code, "Traceback" in ran.err) == (1, False), ran.err
    state, reason = lite.phases()[f"r/{endless}"]
    assert (state, lite.states()["r/b"]) == ("FAILED", "COMPLETE")
    assert str(reason).startswith("its ids cannot be passed as arguments: Argument list too long")


def test_a_terminal_of_one_column_breaks_no_task(lite: Workplace) -> None:
    lite.fail("a/1", "b/2~fail")
    for task, code in (
        ("dry-run", 0),
        ("drain", 1),
        ("summary", 0),
        ("sessions", 0),
        ("list-run-counts", 0),
        ("clusters", 0),
    ):
        ran = lite.inv(task, env={"COLUMNS": "1"})
        assert (ran.code, ran.err, ran.out != "") == (code, "", True), (task, ran)


@pytest.mark.parametrize("closed", ["<&-", "<&- >&-", "<&- >&- 2>&-"])
def test_a_drain_needs_none_of_the_three_streams(lite: Workplace, closed: str) -> None:
    """What a daemon closes is not given to the next file that is opened: nothing is printed into it."""
    lite.fail("a/1", "b/2")
    ran = ran_by(lite, "sh", "-c", f'exec "$@" {closed}', "sh")
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert set(lite.states().values()) == {"COMPLETE"}
    assert lite.session()["total_success"] == 2
    assert lite.events()[-1]["event"] == "session.completed"


def test_a_drain_needs_no_home(lite: Workplace) -> None:
    lite.fail("a/1")
    ran = ran_by(lite, "env", "-u", "HOME")
    assert (ran.returncode, ran.stderr, lite.states()) == (0, b"", {"a/1": "COMPLETE"})


def test_a_settings_file_of_more_than_a_megabyte_is_read(lite: Workplace) -> None:
    path = lite.root / "invoke.yaml"
    path.write_text(path.read_text() + "\n" + "# a line of a long story\n" * 50_000)
    lite.fail("a/1")
    ran = lite.inv("drain")
    assert (ran.code, ran.err, path.stat().st_size > 1_000_000) == (0, "", True)


@repeated(47)
def test_binary_output_without_a_line_s_end_holds_no_command_up_and_is_capped(lite: Workplace) -> None:
    lite.configure(command={"argv": [sys.executable, "-c", BINARY], "log_max_mb": 1})
    lite.fail("r/p")

    ran = lite.inv("drain")

    assert (ran.code, ran.err) == (1, "")
    assert lite.sql("SELECT outcome, exit_code FROM batchdrain_attempt") == [("failed", 1)]
    logs = list(lite.sessions.glob("*/logs/*.txt"))
    assert len(logs) == 2
    assert all(log.stat().st_blocks * 512 < 2_500_000 for log in logs)
    assert all(line.isprintable() for line in ran.out.split("\n"))
    assert "[exit code 1; log: " in str(lite.phases()["r/p"][1])


@repeated(27)
def test_a_table_that_somebody_locks_is_told_and_drained_when_it_is_free(on_server: Workplace) -> None:
    on_server.fail("a/1")
    assert on_server.inv("drain").code == 0
    on_server.fail("b/1")
    on_server.configure(patience={"operation_s": 1, "lock_s": 1, "outage_s": 0})
    is_postgresql = on_server.url.startswith("postgresql")
    with on_server.engine.connect() as other:
        other.exec_driver_sql("LOCK TABLE phases IN ACCESS EXCLUSIVE MODE" if is_postgresql else "LOCK TABLES phases WRITE")
        ran = on_server.inv("drain")
        if not is_postgresql:
            other.exec_driver_sql("UNLOCK TABLES")
        other.rollback()

    assert (ran.code, "what was recorded is safe" in ran.err, "Traceback" in ran.err) == (75, True, False), ran
    assert on_server.states()["b/1"] == "FAILED"
    on_server.configure(patience={})
    assert on_server.inv("drain").code == 0
    assert set(on_server.states().values()) == {"COMPLETE"}
