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
from tests.workplace import TASKS, Beside, Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")

ENDLESS = {"command": {"grace_s": 3600}, "lease": {"ttl_s": 4000, "beat_s": 15, "margin_s": 10}}
LONG = {"command": {"grace_s": 0.5}, "lease": {"ttl_s": 600, "beat_s": 0.5, "margin_s": 0.5}}
FIRST = {"policy": ["run-order"]}
RELEASED = ["released"]


def said(place: Workplace, word: str, count: int = 1) -> None:
    """Wait until so many commands have printed the word."""
    logs = "*/logs/*.stdout.txt"
    wait_for(lambda: sum(word in path.read_text() for path in place.sessions.glob(logs)) >= count, f"{count} x {word}")


def begun(place: Workplace) -> None:
    """Wait until the command of the only phase is where its act wants it."""
    act = next(iter(place.states())).rpartition("~")[2]
    if act in {"deaf", "stubborn"}:
        return said(place, act)
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
    work: Workplace, number: signal.Signals, act: str
) -> None:
    work.configure(command={"grace_s": 0.5})
    work.fail(f"r/p~{act}", reason=REASON)
    drain = work.start("drain")
    begun(work)

    drain.send_signal(number)

    assert ended(drain)[0] == 128 + number
    settled(work, RELEASED)
    interrupted(work, number.name)


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_second_signal_kills_at_once_whatever_the_grace(lite: Workplace, second: signal.Signals) -> None:
    lite.configure(**ENDLESS)
    lite.fail("r/p~stubborn", reason=REASON)
    drain = lite.start("drain")
    begun(lite)
    drain.send_signal(signal.SIGTERM)
    said(lite, "heard")
    assert drain.poll() is None

    drain.send_signal(second)

    assert ended(drain)[0] == 143
    settled(lite, RELEASED)
    interrupted(lite, "SIGTERM")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_that_go_on_until_the_end_still_settle(lite: Workplace, number: signal.Signals) -> None:
    lite.fail("r/p~hang", reason=REASON)
    drain = lite.start("drain")
    begun(lite)

    while drain.poll() is None:
        drain.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            drain.wait(0.005)
    drain.communicate()

    settled(lite, RELEASED)
    interrupted(lite, number.name)


def test_both_commands_of_two_workers_are_given_back_and_no_third_is_claimed(work: Workplace) -> None:
    work.configure(command={"grace_s": 0.5})
    work.fail("a/p~hang", "b/p~hang", "c/p~hang", reason=REASON)
    drain = work.start("drain", "--workers=2")
    said(work, "hanging", 2)

    drain.send_signal(signal.SIGINT)

    assert ended(drain)[0] == 130
    settled(work, RELEASED * 2)
    interrupted(work, "SIGINT")


def test_with_finish_current_the_running_phase_ends_and_no_other_is_claimed(work: Workplace) -> None:
    work.configure(**FIRST)
    work.fail("a/p~until=go", "b/p", reason=REASON)
    drain = work.start("drain", "--finish-current")
    said(work, "waiting")

    drain.send_signal(signal.SIGINT)
    (work.root / "go").touch()

    assert ended(drain)[0] == 130
    assert work.states() == {"a/p~until=go": "COMPLETE", "b/p": "FAILED"}
    settled(work, ["complete"])
    interrupted(work, "SIGINT", processed=1)


def test_with_finish_current_the_second_signal_ends_the_running_phases(lite: Workplace) -> None:
    lite.configure(**ENDLESS)
    lite.fail("a/p~deaf", "b/p~hang", reason=REASON)
    drain = lite.start("drain", "--finish-current", "--workers=2")
    said(lite, "deaf")
    said(lite, "hanging")
    drain.send_signal(signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        drain.wait(0.3)

    drain.send_signal(signal.SIGHUP)

    assert ended(drain)[0] == 129
    settled(lite, RELEASED * 2)
    interrupted(lite, "SIGHUP")


def test_the_wait_for_a_retry_ends_at_once(work: Workplace) -> None:
    work.configure(retry={"initial_s": 30_000_000, "max_s": 30_000_000})
    work.fail("r/p~transient", reason=REASON)
    drain = work.start("drain")
    wait_for(lambda: work.session_files() and "phase.retry_scheduled" in [e["event"] for e in work.events()], "a retry")

    drain.send_signal(signal.SIGINT)

    assert ended(drain)[0] == 130
    assert work.states() == {"r/p~transient": "FAILED"}
    assert work.sql("SELECT owner, attempts FROM batchdrain_claim") == [(None, 1)]
    interrupted(work, "SIGINT", processed=1)


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


def test_a_controller_that_was_stopped_too_long_gives_back_what_its_guardian_ended(work: Workplace) -> None:
    drain = stopped_beyond_its_lease(work)

    drain.send_signal(signal.SIGCONT)
    assert "  - Given back: FAILED" in ended(drain)[1]
    assert work.inv("drain").code == 0
    assert set(work.states().values()) == {"COMPLETE"}
    settled(work, ["released", "complete"])


def test_a_lost_lease_does_not_close_the_session_over_its_phase(lite: Workplace) -> None:
    drain = stopped_beyond_its_lease(lite)

    drain.send_signal(signal.SIGCONT)

    assert ended(drain)[0] == 0
    assert lite.states() == {"r/p~while=flag": "COMPLETE"}


@fault(9)
@pytest.mark.everyday("sqlite", "postgresql")
def test_a_controller_whose_phase_was_taken_over_while_it_was_stopped_writes_nothing(work: Workplace) -> None:
    drain = stopped_beyond_its_lease(work)
    lease_is_over(work)
    assert "1 recovered" in work.inv("recover").out
    other = work.inv("drain")

    drain.send_signal(signal.SIGCONT)

    assert (other.code, ended(drain)[0]) == (0, 76)
    assert work.phases() == {"r/p~while=flag": ("COMPLETE", None)}
    assert work.sql("SELECT outcome FROM batchdrain_attempt ORDER BY epoch") == [("orphaned",), ("complete",)]
    assert [event["event"] for event in work.events(0)].count("claim.lost") == 1
    assert list(still_running(work)) == []
