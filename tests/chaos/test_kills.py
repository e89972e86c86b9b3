"""Whatever is killed, and whenever: nothing is lost, nothing is doubled, nothing goes on running."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess

import psutil
import pytest

from tests.chaos.checker import still_running, violations, witnessed
from tests.chaos.faults import repeated
from tests.chaos.watching import drained, is_stopped, running, started, watched
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

KILLS = 5


@repeated(1, each=KILLS)
@pytest.mark.timeout(600)
def test_a_controller_that_is_killed_at_any_moment_loses_and_doubles_nothing(project: Workplace, again: int) -> None:
    names = [f"run{number % 5}/p{number}~{'daemon' if number % 7 == 0 else 'ms=20'}" for number in range(12 * KILLS)]
    witness = watched(project, *names)
    dice, printed = random.Random(again), ""
    for number in range(KILLS):
        drain = project.start("drain", "--batch-size=1000", "--workers=2")
        assert drain.stdout is not None
        while number % 3 != 1 and (line := drain.stdout.readline()):  # each third may die before it has recovered
            printed += line.decode()
            if b"Draining" in line:
                break
        with contextlib.suppress(subprocess.TimeoutExpired):
            drain.wait(dice.uniform(0.001, 0.3))
        drain.kill()
        printed += drain.communicate(timeout=DEADLINE_S)[0].decode()

    printed += drained(project, "--workers=2", "--include-quarantined")  # the first ones may have been struck three times

    assert violations(project, witness, printed) == []
    assert set(project.states().values()) == {"COMPLETE"}
    assert not list(project.sessions.glob(".*.tmp"))


@repeated(3)
def test_a_guardian_that_is_killed_takes_its_command_along_and_the_phase_goes_back(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang=1", "b/q~ms=1")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    [(_, guardian)] = running(sqlite_project)

    os.kill(guardian, signal.SIGKILL)
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, err) == (0, b""), out
    assert violations(sqlite_project, witness, out.decode()) == []
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert sqlite_project.sql("SELECT outcome FROM batchdrain_attempt WHERE run_id = 'a'") == [("orphaned",), ("complete",)]


@repeated(4)
def test_when_guardian_and_controller_are_killed_together_the_next_command_ends_what_is_left(
    sqlite_project: Workplace, again: int
) -> None:
    witness = watched(sqlite_project, "a/p~hang")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    [(controller, guardian)] = running(sqlite_project)
    drain.send_signal(signal.SIGSTOP)  # else it sees its guardian die, and gives the phase back itself
    wait_for(lambda: is_stopped(drain.pid), "the controller to be stopped")
    for pid in [controller, guardian][:: 1 if again % 2 else -1]:
        with contextlib.suppress(ProcessLookupError):  # a guardian leaves by itself, soon after its controller
            os.kill(pid, signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)

    ran = sqlite_project.inv("recover")

    assert (ran.code, ran.lines[-1]) == (0, "1 recovered, 0 still held.")
    assert violations(sqlite_project, witness, "") == []
    assert sqlite_project.states() == {"a/p~hang": "FAILED"}


@repeated(4)
def test_a_result_whose_controller_died_is_recorded_and_not_executed_again(sqlite_project: Workplace, again: int) -> None:
    """The controller is stopped while the command ends, and killed before it can hear of it."""
    witness = watched(sqlite_project, "a/p~until=go")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    drain.send_signal(signal.SIGSTOP)
    wait_for(lambda: is_stopped(drain.pid), "the controller to be stopped")
    (sqlite_project.root / "go").touch()
    wait_for(
        lambda: [path for path in sqlite_project.sessions.rglob("spool/*.json") if '"by"' in path.read_text()],
        "a result to be kept",
    )
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)

    ran = sqlite_project.inv("drain")

    assert ran.code == 0, ran.err
    assert sqlite_project.states() == {"a/p~until=go": "COMPLETE"}
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]
    assert violations(sqlite_project, witness, ran.out) == []


def test_the_command_dies_with_the_controller_and_its_daemons_too(project: Workplace) -> None:
    witness = watched(project, "a/p~hang", "b/q~daemon")
    drain = project.start("drain", "--workers=2")
    started(witness, 2)
    guardians = [guardian for _, guardian in running(project)]
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)

    wait_for(lambda: not any(map(psutil.pid_exists, guardians)), "the guardians to end their commands")

    assert list(still_running(project)) == []


def test_a_phase_that_was_orphaned_three_times_is_quarantined_until_it_is_asked_for(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang", "b/q~ms=1")
    for count in range(1, 4):
        drain = sqlite_project.start("drain", "--run-id=a")
        started(witness, count)
        drain.kill()
        drain.communicate(timeout=DEADLINE_S)

    sqlite_project.inv("recover")
    told = sqlite_project.inv("dry-run", "--explain")
    out = drained(sqlite_project)
    asked = sqlite_project.inv("dry-run", "--include-quarantined")

    assert "quarantined: orphaned 3 times in a row; --include-quarantined takes it" in told.out
    assert sqlite_project.states() == {"a/p~hang": "FAILED", "b/q~ms=1": "COMPLETE"}
    assert "Would drain 1 of 1" in asked.out
    assert "quarantine" in sqlite_project.inv("doctor").out
    assert violations(sqlite_project, witness, out) == []
