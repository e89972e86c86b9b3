"""Signals: the first ends the drain in order, the second at once, and what ran goes back as it was."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.chaos.checker import REASON, still_running
from tests.chaos.faults import fault, repeated
from tests.chaos.test_controllers import lease_is_over
from tests.chaos.watching import is_stopped, running
from tests.execution.sleep import tasks_that_sleep_once_there_is
from tests.support.workplace import TASKS, Beside, Workplace, ended, read_until, wait_for

pytestmark = pytest.mark.everyday("sqlite")

ENDLESS = {"command": {"grace_s": 3600}, "lease": {"ttl_s": 4000, "beat_s": 15, "margin_s": 10}}
LONG = {"command": {"grace_s": 0.5}, "lease": {"ttl_s": 600, "beat_s": 0.5, "margin_s": 0.5}}
FIRST = {"policy": ["run-order"]}
RELEASED = ["released"]


def said(place: Workplace, word: str, count: int = 1) -> None:
    """Wait until so many commands have printed the word."""
    logs = "*/logs/*/*.stdout.txt"
    wait_for(lambda: sum(word in path.read_text() for path in place.sessions.glob(logs)) >= count, f"{count} x {word}")


def begun(place: Workplace) -> None:
    """Wait until the command of the only phase is where its act wants it."""
    act = next(iter(place.states())).rpartition("~")[2]
    if act in {"deaf", "stubborn"}:
        return said(place, f"is {act}")  # its name alone stands in the first line that it prints
    if act in {"hang", "while=flag"}:
        return said(place, "hanging")
    pid = place.root / "grandchild.pid"
    return wait_for(lambda: pid.exists() and pid.read_text(), "the grandchild to be there")


def settled(place: Workplace, outcomes: list[str]) -> None:
    """Nobody holds anything, nothing runs; what is not complete is as it was before, and its attempt is not counted."""
    assert {row for row in place.phases().values() if row[0] != "COMPLETE"} <= {("FAILED", REASON)}
    rows = place.sql("SELECT owner, orphan_count, attempts FROM batchdrain_claim")
    assert {row[:2] for row in rows} == {(None, 0)}
    assert sum(attempts for _, _, attempts in rows) == outcomes.count("complete")
    assert sorted(place.sql("SELECT outcome FROM batchdrain_attempt")) == [(outcome,) for outcome in sorted(outcomes)]
    assert list(still_running(place)) == []


def interrupted(place: Workplace, by: str, processed: int = 0) -> None:
    fields = ("status", "stopped_because", "completed_at", "total_processed")
    assert tuple(map(place.session().get, fields)) == ("interrupted", by, None, processed)


@repeated(7, cases=3)
@pytest.mark.parametrize(("number", "act"), [(signal.SIGINT, "tree"), (signal.SIGTERM, "deaf"), (signal.SIGHUP, "daemon")])
@pytest.mark.everyday("sqlite", "postgresql")
def test_the_first_signal_gives_the_phase_back_uncounted_and_leaves_no_process(
    project: Workplace, number: signal.Signals, act: str
) -> None:
    project.configure(command={"grace_s": 0.5})
    project.fail(f"r/p~{act}", reason=REASON)
    drain = project.start("drain")
    begun(project)

    drain.send_signal(number)

    assert ended(drain)[0] == 128 + number
    settled(project, RELEASED)
    interrupted(project, number.name)


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_second_signal_kills_at_once_whatever_the_grace(sqlite_project: Workplace, second: signal.Signals) -> None:
    sqlite_project.configure(**ENDLESS)
    sqlite_project.fail("r/p~stubborn", reason=REASON)
    drain = sqlite_project.start("drain")
    begun(sqlite_project)
    drain.send_signal(signal.SIGTERM)
    said(sqlite_project, "heard")
    assert drain.poll() is None

    drain.send_signal(second)

    assert ended(drain)[0] == 143
    settled(sqlite_project, RELEASED)
    interrupted(sqlite_project, "SIGTERM")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_that_go_on_until_the_end_still_settle(sqlite_project: Workplace, number: signal.Signals) -> None:
    sqlite_project.fail("r/p~hang", reason=REASON)
    drain = sqlite_project.start("drain")
    begun(sqlite_project)

    while drain.poll() is None:
        drain.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            drain.wait(0.005)
    drain.communicate()

    settled(sqlite_project, RELEASED)
    interrupted(sqlite_project, number.name)


def test_both_commands_of_two_workers_are_given_back_and_no_third_is_claimed(project: Workplace) -> None:
    project.configure(command={"grace_s": 0.5})
    project.fail("a/p~hang", "b/p~hang", "c/p~hang", reason=REASON)
    drain = project.start("drain", "--workers=2")
    said(project, "hanging", 2)

    drain.send_signal(signal.SIGINT)

    assert ended(drain)[0] == 130
    settled(project, RELEASED * 2)
    interrupted(project, "SIGINT")


def test_with_finish_current_the_running_phase_ends_and_no_other_is_claimed(project: Workplace) -> None:
    project.configure(**FIRST)
    project.fail("a/p~until=go", "b/p", reason=REASON)
    drain = project.start("drain", "--finish-current")
    said(project, "waiting")

    drain.send_signal(signal.SIGINT)
    read_until(drain, "Ctrl-C again kills")
    (project.root / "go").touch()

    assert ended(drain)[0] == 130
    assert project.states() == {"a/p~until=go": "COMPLETE", "b/p": "FAILED"}
    settled(project, ["complete"])
    interrupted(project, "SIGINT", processed=1)


def test_with_finish_current_the_second_signal_ends_the_running_phases(sqlite_project: Workplace) -> None:
    sqlite_project.configure(**ENDLESS)
    sqlite_project.fail("a/p~deaf", "b/p~hang", reason=REASON)
    drain = sqlite_project.start("drain", "--finish-current", "--workers=2")
    said(sqlite_project, "is deaf")
    said(sqlite_project, "hanging")
    drain.send_signal(signal.SIGHUP)
    read_until(drain, "SIGHUP again kills")  # a second one that comes before the first is heard would be one with it
    assert drain.poll() is None

    drain.send_signal(signal.SIGHUP)

    assert ended(drain)[0] == 129
    settled(sqlite_project, RELEASED * 2)
    interrupted(sqlite_project, "SIGHUP")


def test_the_wait_for_a_retry_ends_at_once(project: Workplace) -> None:
    project.configure(retry={"initial_s": 30_000_000, "max_s": 30_000_000})
    project.fail("r/p~transient", reason=REASON)
    drain = project.start("drain")
    wait_for(lambda: project.session_files() and "phase.retry_scheduled" in [e["event"] for e in project.events()], "a retry")

    drain.send_signal(signal.SIGINT)

    assert ended(drain)[0] == 130
    assert project.states() == {"r/p~transient": "FAILED"}
    assert project.sql("SELECT owner, attempts FROM batchdrain_claim") == [(None, 1)]
    interrupted(project, "SIGINT", processed=1)


def with_long_lease(place: Workplace) -> Path:
    """For the guardians of its drains the lease is over once there is the file that this returns."""
    slept = place.root / "slept"
    (place.root / "tasks.py").write_text(tasks_that_sleep_once_there_is(slept, TASKS))
    place.configure(**LONG)
    return slept


def stopped_beyond_its_lease(place: Workplace) -> Beside:
    """A drain that is stopped until its guardian has ended the command, because nobody renewed the lease."""
    slept = with_long_lease(place)
    place.fail("r/p~while=flag", reason=REASON)
    (place.root / "flag").touch()
    drain = place.start("drain")
    begun(place)
    [(_, guardian)] = running(place)
    drain.send_signal(signal.SIGSTOP)
    wait_for(lambda: is_stopped(drain.pid), "the controller to be stopped")
    slept.touch()
    wait_for(lambda: not psutil.pid_exists(guardian), "the guardian to end the command")
    slept.unlink()
    assert list(still_running(place)) == []
    assert set(place.states().values()) == {"EXECUTING"}
    (place.root / "flag").unlink()
    return drain


def test_a_controller_that_was_stopped_too_long_gives_back_what_its_guardian_ended(project: Workplace) -> None:
    drain = stopped_beyond_its_lease(project)

    drain.send_signal(signal.SIGCONT)
    assert "  - Released: FAILED" in ended(drain)[1]
    assert project.inv("drain").code == 0
    assert set(project.states().values()) == {"COMPLETE"}
    settled(project, ["released", "complete"])


def test_a_lost_lease_does_not_close_the_session_over_its_phase(sqlite_project: Workplace) -> None:
    drain = stopped_beyond_its_lease(sqlite_project)

    drain.send_signal(signal.SIGCONT)

    assert ended(drain)[0] == 0
    assert sqlite_project.states() == {"r/p~while=flag": "COMPLETE"}


@fault(9)
@pytest.mark.everyday("sqlite", "postgresql")
def test_a_controller_whose_phase_was_taken_over_while_it_was_stopped_writes_nothing(project: Workplace) -> None:
    drain = stopped_beyond_its_lease(project)
    lease_is_over(project)
    assert "1 recovered" in project.inv("recover").out
    other = project.inv("drain")

    drain.send_signal(signal.SIGCONT)

    assert (other.code, ended(drain)[0]) == (0, 76)
    assert project.phases() == {"r/p~while=flag": ("COMPLETE", None)}
    assert project.sql("SELECT outcome FROM batchdrain_attempt ORDER BY epoch") == [("orphaned",), ("complete",)]
    assert [event["event"] for event in project.events(0)].count("claim.lost") == 1
    assert list(still_running(project)) == []
