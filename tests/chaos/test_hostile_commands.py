"""Commands that turn against what watches them, or make their files into what can't be read to the end."""

from __future__ import annotations

import time

import pytest

from tests.chaos.faults import fault
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

ONCE = [(1, 1)]


def attempts(place: Workplace) -> list[tuple[int, int]]:
    """Of each phase: how often it was executed, and how many attempts were counted."""
    return place.sql("SELECT max(a.epoch), max(c.attempts) FROM batchdrain_attempt a JOIN batchdrain_claim c "
                     "ON a.phase_id = 'p' GROUP BY a.phase_id")  # fmt: skip


def shell(place: Workplace, script: str, **settings: object) -> None:
    place.configure(command={"argv": ["/bin/sh", "-c", script]}, **settings)
    place.fail("r/p", reason="before")


@fault(78)
@pytest.mark.parametrize("stream", [1, 2])
def test_a_command_that_makes_its_log_four_terabytes_is_recorded_with_its_own_words(project: Workplace, stream: int) -> None:
    shell(project, f"echo why >&{stream}; truncate -s 4T /proc/self/fd/{stream}; exit 3")

    ran = project.inv("drain")

    assert ran.code == 1, ran
    assert (project.phases()["r/p"][1] or "") == "why [exit 3]"
    assert project.inv("summary").code == 0


@fault(78)
def test_a_command_that_removes_the_folder_of_the_logs_ends_the_drain_as_what_the_disk_lacks(
    sqlite_project: Workplace,
) -> None:
    """It is no fault of the program's: nobody is to look for that in the configuration."""
    shell(sqlite_project, 'rm -r "$(dirname "$(dirname "$BATCHDRAIN_RESULT_FILE")")"')
    sqlite_project.fail("s/q")

    ran = sqlite_project.inv("drain")

    assert ran.code == 74, ran
    assert "the command could not be started: No such file or directory: " in ran.err
    assert sorted(sqlite_project.states().values()) == ["COMPLETE", "FAILED"]


def test_a_command_that_removes_the_folder_of_its_run_s_logs_holds_nobody_up(sqlite_project: Workplace) -> None:
    shell(sqlite_project, 'rm -r "$(dirname "$BATCHDRAIN_RESULT_FILE")"; exit 3')
    sqlite_project.fail("r/q", "s/q")

    ran = sqlite_project.inv("drain")

    assert (ran.code, ran.err) == (1, "")
    assert {reason for _, reason in sqlite_project.phases().values()} == {"the command failed and printed nothing [exit 3]"}


@fault(76)
@pytest.mark.parametrize(("ends", "state"), [("exit 0", "COMPLETE"), ("exit 3", "FAILED")])
def test_a_guardian_that_its_command_stops_is_woken_and_tells_how_it_ended(project: Workplace, ends: str, state: str) -> None:
    shell(project, f"kill -STOP $PPID; {ends}")

    ran = project.inv("drain")

    assert "  ! The guardian of r / p was stopped, once: its command did that, or somebody by hand" in ran.lines
    assert project.states() == {"r/p": state}
    assert attempts(project) == ONCE


@fault(76)
def test_a_time_limit_holds_though_the_command_stops_its_guardian(sqlite_project: Workplace) -> None:
    shell(sqlite_project, "kill -STOP $PPID; sleep 600", timeout={"default_s": 1, "adaptive": False})

    ran = sqlite_project.inv("drain")

    assert ran.code == 1, ran
    assert (sqlite_project.phases()["r/p"][1] or "").startswith("Timed out after 1 s")
    assert attempts(sqlite_project) == ONCE


@fault(76)
def test_a_command_that_stops_its_guardian_again_and_again_fails_once_and_is_told_of_what_it_did(
    project: Workplace,
) -> None:
    shell(project, "while :; do kill -STOP $PPID; done", lease={"ttl_s": 4000})
    began = time.monotonic()

    ran = project.inv("drain")

    assert ran.code == 1, ran
    assert project.phases()["r/p"] == ("FAILED", "its guardian was stopped 4 times, by it or by hand, so both were killed")
    assert attempts(project) == ONCE
    assert time.monotonic() - began < 30


@fault(76)
def test_a_command_that_kills_its_guardian_is_left_out_after_three_times(project: Workplace) -> None:
    shell(project, "kill -KILL $PPID; sleep 600")

    ran = project.inv("drain")

    assert ran.code == 1, ran
    told = "  ! Orphaned: r / p: its result is not known: the guardian of the command died"
    assert ran.lines.count(told) == 3
    assert project.phases()["r/p"] == ("FAILED", "before")
    assert project.sql("SELECT owner, orphan_count FROM batchdrain_claim") == [(None, 3)]
