"""Any engine of a user's own: never twice, nothing lost, whatever it does with the orders that it is given."""

from __future__ import annotations

import os
import signal
import time

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.stub_engines import use_stub
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace, ended, wait_for

SHORT = {"ttl_s": 4.0, "beat_s": 1.0, "margin_s": 0.5}


def settle(place: Workplace) -> None:
    """What is still held is settled, once its lease is over."""
    place.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms - 86400000 WHERE owner IS NOT NULL")
    place.configure(engine="local")
    place.inv("recover")


@fault(100)
def test_a_second_delivery_is_nothing_and_the_ending_of_the_first_counts(project: Workplace) -> None:
    witness = watched(project, *(f"r{number}/p~ms=300" for number in range(4)))
    ran = project.inv("drain", "--workers=2", env=use_stub(project, "redelivers"))

    assert ran.code == 0, (ran.out, ran.err)
    assert set(project.states().values()) == {"COMPLETE"}
    assert project.sql("SELECT DISTINCT outcome FROM batchdrain_attempt") == [("complete",)]
    assert len(witnessed(witness)) == 8
    assert violations(project, witness, ran.out) == []


@fault(101)
def test_what_runs_on_when_a_scheduler_dies_is_recorded_and_the_drain_ends_with_75(project: Workplace) -> None:
    witness = watched(project, *(f"r{number}/p~ms=500" for number in range(8)))
    ran = project.inv("drain", "--workers=8", env=use_stub(project, "cancels"))

    assert (ran.code, "3 orders in a row did not start, the last with: it cancelled it" in ran.err) == (
        75,
        True,
    ), ran
    words = [seen.word for seen in witnessed(witness)]
    assert words.count("start") == words.count("end") == sum(state == "COMPLETE" for state in project.states().values()) >= 3
    assert set(project.states().values()) <= {"COMPLETE", "FAILED"}
    assert violations(project, witness, ran.out) == []


@fault(102)
def test_a_host_that_is_not_ours_is_never_spoken_for(project: Workplace) -> None:
    """Its future failed, and there is nothing to be found here. What its guardian kept is read all the same."""
    witness = watched(project, "a/p~ms=700", "b/p~until=never")
    env = use_stub(project, "loses", lease=SHORT, timeout={"default_s": 2, "adaptive": False})
    ran = project.inv("drain", "--workers=2", env=env)

    assert ran.code == 1, (ran.out, ran.err)
    assert project.states() == {"a/p~ms=700": "COMPLETE", "b/p~until=never": "FAILED"}
    assert [seen.word for seen in witnessed(witness)].count("start") == 2
    assert sorted(project.sql("SELECT outcome FROM batchdrain_attempt")) == [("complete",), ("timeout",)]
    assert violations(project, witness, ran.out) == []


@fault(103)
@pytest.mark.parametrize("stub", ["refuses", "refuses_later"])
def test_an_engine_that_can_not_begin_anything_costs_no_phase_anything(project: Workplace, stub: str) -> None:
    witness = watched(project, *(f"r{number}/p~ms=1" for number in range(16)))
    ran = project.inv("drain", "--workers=2", env=use_stub(project, stub))

    assert (ran.code, "ModuleNotFoundError: No module named 'batchdrain'" in ran.err) == (75, True), ran
    assert set(project.states().values()) == {"FAILED"}
    assert witnessed(witness) == []
    if stub == "refuses_later":
        assert project.sql("SELECT sum(orphan_count), sum(attempts) FROM batchdrain_claim") == [(0, 0)]
        assert project.sql("SELECT DISTINCT outcome FROM batchdrain_attempt") == [("not_started",)]
    assert violations(project, witness, ran.out) == []


@fault(104)
@pytest.mark.parametrize("stub", ["never", "gone_later", "never_later"])
@pytest.mark.parametrize("signals", [1, 2])
def test_an_interrupted_drain_is_gone_within_the_grace_time_and_five_seconds(
    sqlite_project: Workplace, stub: str, signals: int
) -> None:
    project = sqlite_project
    witness = watched(project, "a/p~until=go")
    env = use_stub(project, stub)
    drain = project.start("drain", env=env)
    if stub == "never_later":
        started(witness, 1)
    else:
        wait_for((project.root / "submitted").exists, "the engine to be given an order")
    begun = time.monotonic()
    for _ in range(signals):
        drain.send_signal(signal.SIGINT)
        time.sleep(0.2)
    out, err = drain.communicate(timeout=DEADLINE_S)
    took_s = time.monotonic() - begun

    assert drain.returncode in {130, -signal.SIGINT}, (out, err)  # the second one may meet a process that is on its way out
    assert took_s < 0.5 + 5 + 2, (took_s, out, err)
    if stub == "never_later":
        assert b"a / p~until=go stays held until " in out
        (project.root / "go").touch()
        wait_for(lambda: witnessed(witness)[-1].word == "end" or project.inv("recover").code == 0, "the command's end")
        settle(project)
    else:
        assert project.states() == {"a/p~until=go": "FAILED"}
        assert witnessed(witness) == []
    assert violations(project, witness, out.decode()) == []


@fault(105)
@pytest.mark.parametrize(
    ("stub", "code", "says"),
    [
        (
            "away",
            75,
            "batchdrain.engine: it can't be reached: TimeoutError: Timed out trying to connect to tcp://127.0.0.1:19999",
        ),
        ("badtls", 78, "batchdrain.engine: it can't be made: TypeError: TLS expects a `ssl_context` argument"),
        ("hidden_folder", 78, "/tickets-"),
        ("apart", 78, "it shares no files with its workers, and has no `first`"),
        ("unfair", 78, "its `first` gives one ticket twice"),
    ],
)
def test_an_engine_that_can_not_work_is_refused_before_the_first_claim(
    sqlite_project: Workplace, stub: str, code: int, says: str
) -> None:
    watched(sqlite_project, "a/p~ms=1")
    ran = sqlite_project.inv("drain", env=use_stub(sqlite_project, stub))

    assert (ran.code, says in ran.err) == (code, True), ran
    assert "Traceback" not in ran.err
    assert sqlite_project.sql("SELECT * FROM batchdrain_claim") == []
    assert sqlite_project.states() == {"a/p~ms=1": "FAILED"}


@fault(106)
def test_an_order_that_vanishes_stays_held_until_its_lease_is_over_and_is_told_of(project: Workplace) -> None:
    witness = watched(project, "a/p~ms=1", "b/p~ms=1", policy=["run-order"])
    env = use_stub(project, "vanishes", lease=SHORT, timeout={"default_s": 1, "adaptive": False})
    ran = project.inv("drain", "--batch-size=1", env=env)
    held = project.states()
    settle(project)

    assert (ran.code, held) == (75, {"a/p~ms=1": "EXECUTING", "b/p~ms=1": "FAILED"}), ran
    assert "a / p~ms=1 stays held: nothing was heard of its end, and its lease is over" in ran.out
    assert set(project.states().values()) == {"FAILED"}
    assert witnessed(witness) == []


@pytest.mark.parametrize(("stub", "code"), [("away", 75), ("badtls", 78), ("pool", 0)])
def test_doctor_makes_an_engine_and_says_what_keeps_it_from_that(sqlite_project: Workplace, stub: str, code: int) -> None:
    watched(sqlite_project, "a/p~ms=1")
    ran = sqlite_project.inv("doctor", env=use_stub(sqlite_project, stub))

    assert ran.code == code, ran
    assert ("FAIL engine: batchdrain.engine: it can't be " in ran.out) == (code != 0)


@fault(106)
def test_an_order_of_which_nothing_is_heard_is_given_up_when_its_lease_is_over(project: Workplace) -> None:
    witness = watched(project, "a/p~until=never", "b/p~ms=1", policy=["run-order"])
    env = use_stub(project, "never_later", lease=SHORT, timeout={"default_s": 1, "adaptive": False})
    ran = project.inv("drain", "--workers=1", env=env)

    assert ran.code == 1, ran
    assert project.sql("SELECT outcome FROM batchdrain_attempt WHERE run_id = 'a'") == [("timeout",)]
    assert violations(project, witness, ran.out) == []


def test_tickets_of_an_engines_own_are_drawn_once(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, *(f"r{number}/p~ms=100" for number in range(3)))
    ran = sqlite_project.inv("drain", "--workers=2", env=use_stub(sqlite_project, "fair_twice"))

    assert ran.code == 0, (ran.out, ran.err)
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert violations(sqlite_project, witness, ran.out) == []


def test_the_start_says_under_which_lease_an_engine_works(sqlite_project: Workplace) -> None:
    watched(sqlite_project, "a/p~ms=1")
    code, out = ended(sqlite_project.start("drain", env=use_stub(sqlite_project, "pool")))

    assert code == 0, out
    assert "The engine can't be told to end a command" in out


@pytest.mark.parametrize(
    ("stub", "line"),
    [
        ("gone_later", "Released: a / p~until=go: it is FAILED, because its command never started"),
        ("never_later", "Recorded: a / p~until=go: its command had ended (complete); it is COMPLETE"),
    ],
    ids=["not begun", "ended"],
)
def test_what_is_proved_over_needs_no_lease_once_its_controller_is_dead(
    sqlite_project: Workplace, stub: str, line: str
) -> None:
    witness = watched(sqlite_project, "a/p~until=go")
    drain = sqlite_project.start("drain", env=use_stub(sqlite_project, stub))
    if stub == "never_later":
        started(witness, 1)
    else:
        wait_for((sqlite_project.root / "submitted").exists, "the engine to be given an order")
    drain.kill()
    drain.wait()
    early = sqlite_project.inv("recover") if stub == "never_later" else None
    (sqlite_project.root / "go").touch()
    if stub == "never_later":
        wait_for(
            lambda: witnessed(witness)[-1].word == "end" and list(sqlite_project.sessions.glob("*/spool/*.json")), "its end"
        )
    wait_for(lambda: line in sqlite_project.inv("recover").lines, line)
    os.killpg(drain.pid, signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)

    assert early is None or "0 recovered, 1 still held." in early.lines
    assert violations(sqlite_project, witness, "") == []


def test_an_order_that_comes_after_its_controllers_death_is_not_executed(sqlite_project: Workplace) -> None:
    """Recovery drew its ticket, and the phase was executed by another drain."""
    witness = watched(sqlite_project, "a/p~ms=1")
    drain = sqlite_project.start("drain", env=use_stub(sqlite_project, "late"))
    wait_for((sqlite_project.root / "submitted").exists, "the engine to be given an order")
    drain.kill()
    drain.wait()
    sqlite_project.configure(engine="local")
    ran = sqlite_project.inv("drain")
    (sqlite_project.root / "deliver").touch()
    wait_for((sqlite_project.root / "delivered").exists, "the late delivery")
    os.killpg(drain.pid, signal.SIGKILL)
    drain.communicate(timeout=DEADLINE_S)

    assert ran.code == 0, ran
    assert (sqlite_project.root / "delivered").read_text() == "twice"
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]
    assert violations(sqlite_project, witness, ran.out) == []
