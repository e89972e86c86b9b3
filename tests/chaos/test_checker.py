"""A checker that never fails proves nothing: each broken batchdrain is caught, by the fault that it is about."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.chaos.checker import still_running, violations
from tests.chaos.mutants import TASKS
from tests.chaos.tracing import injected, needs_strace
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

ROOT = Path(__file__).parents[2]


def broken(place: Workplace, mutant: str) -> dict[str, str]:
    """The project's batchdrain becomes the mutant. Returns the environment that it needs."""
    (place.root / "tasks.py").write_text(TASKS.format(name=mutant))
    return {"PYTHONPATH": str(ROOT)}


def test_a_sound_batchdrain_breaks_no_promise(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~ms=1", "b/q~daemon", "c/r~fail")
    ran = sqlite_project.inv("drain")
    assert ran.code == 1, ran.err
    assert violations(sqlite_project, witness, ran.out) == []


def test_recovery_of_a_controller_that_lives_is_caught(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang=1")
    env = broken(sqlite_project, "everybody_is_dead")
    first = sqlite_project.start("drain", env=env)
    started(witness, 1)
    first.send_signal(signal.SIGSTOP)  # its next beat would find that the claim is another's, and end the command
    sqlite_project.inv("drain", env=env)
    first.kill()
    first.communicate(timeout=DEADLINE_S)
    assert any(line.startswith("overlap: a/p") for line in violations(sqlite_project, witness, ""))


def test_a_session_file_that_is_written_in_place_is_caught(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~ms=1", "b/q~ms=1", "c/r~ms=1")
    sqlite_project.inv("drain", env=broken(sqlite_project, "written_in_place"))
    assert any(line.startswith("torn: ") for line in violations(sqlite_project, witness, ""))


def test_a_command_that_outlives_its_controller_is_caught(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang")
    drain = sqlite_project.start("drain", env=broken(sqlite_project, "no_guardian"))
    started(witness, 1)
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)
    assert any("still running" in line for line in still_running(sqlite_project))
    sqlite_project.inv("recover")  # the next command ends it by its token
    wait_for(lambda: not list(still_running(sqlite_project)), "it to end")


def test_a_daemon_that_outlives_its_command_is_caught(sqlite_project: Workplace) -> None:
    watched(sqlite_project, "a/p~daemon")
    assert sqlite_project.inv("drain", env=broken(sqlite_project, "only_the_command_is_killed")).code == 0
    assert any("still running" in line for line in still_running(sqlite_project))


def test_a_success_that_is_printed_and_not_recorded_is_caught(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~ms=1")
    ran = sqlite_project.inv("drain", env=broken(sqlite_project, "printed_before_it_is_recorded"))
    assert any(line.startswith("printed as complete") for line in violations(sqlite_project, witness, ran.out))


@needs_strace
@pytest.mark.parametrize("call", ["fsync:error=EIO:when=3", "renameat:error=EIO:when=1"])
def test_a_step_to_the_disk_that_fails_and_is_not_told_is_caught(sqlite_project: Workplace, call: str) -> None:
    watched(sqlite_project, "a/p~ms=1")
    traced = injected(sqlite_project, call, env=broken(sqlite_project, "failures_of_the_disk_are_ignored"))
    assert (len(traced.to_be_told()), traced.is_told) == (1, False), traced
