"""Engines of others: what breaks in them is theirs, what became of the phase is ours."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import repeated
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace, read_until

pytestmark = pytest.mark.everyday("sqlite")

ENGINES = """
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
import json, multiprocessing, threading, time

def env_of(message):
    return json.loads(message)["env"]

def is_probe(message):
    return env_of(message)["BATCHDRAIN_PHASE_ID"] == "probe"

def processes(*, workers, settings):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))

def forked(*, workers, settings):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"))

class Breaks(ThreadPoolExecutor):
    def submit(self, call, message):
        if env_of(message)["BATCHDRAIN_EPOCH"] != "1":  # nor the probe's
            return super().submit(call, message)
        future = Future()
        super().submit(call, message)
        def breaks():
            while not Path("broken").exists():
                time.sleep(0.01)
            future.set_exception(BrokenProcessPool("a worker died"))
        threading.Thread(target=breaks, daemon=True).start()
        return future

def breaks(*, workers, settings):
    return Breaks(workers + 1)

def threads(*, workers, settings):
    return ThreadPoolExecutor(workers)

class Breaking(ThreadPoolExecutor):
    def submit(self, call, message):
        if "broken" not in env_of(message)["BATCHDRAIN_PHASE_ID"]:
            return super().submit(call, message)
        future = Future()
        future.set_exception(BrokenProcessPool("a worker died"))
        return future

def breaking(*, workers, settings):
    return Breaking(workers)

class Cancelling(ThreadPoolExecutor):
    def submit(self, call, message):
        if env_of(message)["BATCHDRAIN_PHASE_ID"] != "cancelled" or env_of(message)["BATCHDRAIN_EPOCH"] != "1":
            return super().submit(call, message)
        future = Future()
        future.cancel()
        future.set_running_or_notify_cancel()
        return future

def cancelling(*, workers, settings):
    return Cancelling(workers)

class Twice(ThreadPoolExecutor):
    def submit(self, call, message):
        def twice(message):
            first = call(message)
            call(message)
            return first
        return super().submit(twice, message)

class Late(ThreadPoolExecutor):
    def submit(self, call, message):
        if is_probe(message):
            return super().submit(call, message)
        def later():
            order = json.loads(message)
            while not Path(order["tickets"], order["token"]).exists():
                time.sleep(0.01)
            Path("late").write_text(json.loads(call(message))["message"])
        threading.Thread(target=later).start()  # the drain ends before it, and waits
        raise RuntimeError("no")

class Begins(ThreadPoolExecutor):
    def submit(self, call, message):
        if is_probe(message):
            return super().submit(call, message)
        threading.Thread(target=call, args=(message,)).start()
        while not Path(json.loads(message)["stdout_path"]).exists():
            time.sleep(0.001)
        raise RuntimeError("no")

def begins(*, workers, settings):
    return Begins(workers)

class Blocked(ThreadPoolExecutor):
    def submit(self, call, message):
        if is_probe(message):
            return super().submit(call, message)
        folder = Path(json.loads(message)["tickets"])
        if folder.exists():
            folder.rename(f"{folder}-elsewhere")
        raise RuntimeError("no")

def blocked(*, workers, settings):
    return Blocked(workers)

def late(*, workers, settings):
    return Late(workers)

def twice(*, workers, settings):
    return Twice(workers)
"""


def engine(place: Workplace, name: str) -> None:
    (place.root / "engines.py").write_text(ENGINES)
    place.configure(engine=f"engines:{name}")


def test_any_executor_of_python_is_an_engine_and_brings_its_own_guardians(project: Workplace) -> None:
    names = [f"r{number}/p~ms=1" for number in range(4)]
    witness = watched(project, *names)
    engine(project, "processes")
    ran = project.inv("drain", "--workers=2", env={"PYTHONPATH": str(project.root)})
    assert ran.code == 0, ran.err
    assert violations(project, witness, ran.out) == []
    assert len(witnessed(witness)) == 8


def test_ctrl_c_ends_the_commands_of_any_engine_whose_threads_are_ours(project: Workplace) -> None:
    witness = watched(project, "a/p~hang=60")
    engine(project, "threads")
    drain = project.start("drain", env={"PYTHONPATH": str(project.root)})
    started(witness, 1)
    drain.send_signal(signal.SIGINT)
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert (drain.returncode, project.states()) == (130, {"a/p~hang=60": "FAILED"}), (out, err)
    assert violations(project, witness, out.decode()) == []


@repeated(45, cases=3)
def test_a_phase_that_its_engine_never_begins_costs_nothing_and_the_others_are_drained(project: Workplace) -> None:
    witness = watched(project, "a/broken", "b/p~ms=1")
    engine(project, "breaking")
    ran = project.inv("drain", env={"PYTHONPATH": str(project.root)})
    assert ran.code == 75, ran.err
    assert "BrokenProcessPool: a worker died" in ran.err
    assert project.states() == {"a/broken": "FAILED", "b/p~ms=1": "COMPLETE"}
    assert violations(project, witness, ran.out) == []
    assert project.sql("SELECT DISTINCT outcome FROM batchdrain_attempt WHERE run_id = 'a'") == [("not_started",)]
    assert project.sql("SELECT sum(orphan_count) FROM batchdrain_claim WHERE epoch > 0") == [(0,)]


@repeated(43)
def test_an_engine_whose_worker_is_killed_takes_no_more_and_costs_no_phase_an_attempt(sqlite_project: Workplace) -> None:
    """What its worker was at goes back as orphaned, what comes next untouched: the pool is broken for good."""
    witness = watched(sqlite_project, "a/p~hang=1", "b/p~ms=1", policy=["run-order"])
    engine(sqlite_project, "processes")
    env = {"PYTHONPATH": str(sqlite_project.root)}
    drain = sqlite_project.start("drain", env=env)
    started(witness, 1)
    children = psutil.Process(drain.pid).children()
    [worker] = [one for one in children if "spawn_main" in " ".join(one.cmdline())]
    worker.kill()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, b"batchdrain.engine: it takes no commands: BrokenProcessPool" in err) == (75, True), (out, err)
    assert violations(sqlite_project, witness, out.decode()) == []
    assert sqlite_project.sql("SELECT sum(orphan_count), sum(attempts) FROM batchdrain_claim") == [(1, 0)]
    assert set(sqlite_project.states().values()) == {"FAILED"}
    again = sqlite_project.inv("resume", env=env)
    assert again.code == 0, again.err
    assert violations(sqlite_project, witness, again.out) == []
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


def test_an_order_that_an_engine_refused_is_not_executed_when_it_comes_to_it_later(sqlite_project: Workplace) -> None:
    """A pool keeps an order whose thread it could not start."""
    witness = watched(sqlite_project, "a/p~ms=1", "b/p~ms=1", policy=["run-order"])
    engine(sqlite_project, "late")
    env = {"PYTHONPATH": str(sqlite_project.root)}
    ran = sqlite_project.inv("drain", env=env)

    assert (ran.code, "it takes no commands: RuntimeError: no" in ran.err) == (75, True), ran
    assert (sqlite_project.root / "late").read_text() == "it was delivered before, or withdrawn"
    assert witnessed(witness) == []
    assert sqlite_project.sql("SELECT outcome FROM batchdrain_attempt") == [("not_started",)]
    assert violations(sqlite_project, witness, ran.out) == []


def test_an_order_that_an_engine_refused_after_it_began_is_not_executed_a_second_time(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~until=go", "b/p~ms=1", policy=["run-order"])
    engine(sqlite_project, "begins")
    drain = sqlite_project.start("drain", env={"PYTHONPATH": str(sqlite_project.root)})
    started(witness, 1)
    held = sqlite_project.states()
    (sqlite_project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, b"it takes no commands: RuntimeError: no" in err) == (75, True), (out, err)
    assert held == {"a/p~until=go": "EXECUTING", "b/p~ms=1": "FAILED"}
    assert sqlite_project.states() == {"a/p~until=go": "COMPLETE", "b/p~ms=1": "FAILED"}
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]
    assert violations(sqlite_project, witness, out.decode()) == []


def test_an_order_that_can_not_be_withdrawn_holds_its_phase_and_no_other(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, *(f"r{number}/p~ms=1" for number in range(4)))
    engine(sqlite_project, "blocked")
    ran = sqlite_project.inv("drain", "--workers=2", env={"PYTHONPATH": str(sqlite_project.root)})

    assert (ran.code, "it takes no commands: RuntimeError: no" in ran.err) == (75, True), ran
    assert sorted(sqlite_project.states().values()) == ["EXECUTING", "FAILED", "FAILED", "FAILED"]
    assert sqlite_project.sql("SELECT orphan_count FROM batchdrain_claim") == [(0,)]
    assert witnessed(witness) == []


@repeated(45)
def test_a_phase_that_its_engine_cancels_goes_back_uncounted(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/cancelled", "b/p~ms=1")
    engine(sqlite_project, "cancelling")
    ran = sqlite_project.inv("drain", env={"PYTHONPATH": str(sqlite_project.root)})
    assert (ran.code, ran.err) == (0, "")
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    attempts = sqlite_project.sql("SELECT attempt, outcome, reason FROM batchdrain_attempt WHERE run_id = 'a' ORDER BY epoch")
    assert attempts == [
        (1, "not_started", "the engine did not accept it: it cancelled it"),
        (1, "complete", None),
    ]
    assert violations(sqlite_project, witness, ran.out) == []


@repeated(45)
def test_what_a_broken_engine_left_running_runs_to_its_end_which_is_recorded(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~until=go")
    engine(sqlite_project, "breaks")
    drain = sqlite_project.start("drain", env={"PYTHONPATH": str(sqlite_project.root)})
    started(witness, 1)
    (sqlite_project.root / "broken").touch()
    printed = read_until(drain, "a / p~until=go: the end of its command is waited for, at most until ")
    (sqlite_project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)
    assert drain.returncode == 0, (out, err)
    assert violations(sqlite_project, witness, printed + out.decode()) == []
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]


@repeated(44)
def test_a_second_delivery_of_one_order_is_not_executed(sqlite_project: Workplace) -> None:
    """Its files are there already: they are made exclusively."""
    witness = watched(sqlite_project, "a/p~ms=1")
    engine(sqlite_project, "twice")
    ran = sqlite_project.inv("drain", env={"PYTHONPATH": str(sqlite_project.root)})
    assert ran.code == 0, ran.err
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]
    assert sqlite_project.sql("SELECT outcome FROM batchdrain_attempt") == [("complete",)]


@pytest.mark.parametrize("name", ["processes", "forked"])
def test_a_command_without_a_guardian_of_ours_keeps_its_claim_until_the_lease_is_over(
    sqlite_project: Workplace, name: str
) -> None:
    """The controller is dead, the engine's worker is not. Nor does it hold the session's lock."""
    witness = watched(sqlite_project, "a/p~hang=1")
    engine(sqlite_project, name)
    env = {"PYTHONPATH": str(sqlite_project.root)}
    drain = sqlite_project.start("drain", env=env)
    started(witness, 1)
    drain.kill()
    drain.wait()
    try:
        early, resumed = sqlite_project.inv("recover"), sqlite_project.inv("resume", env=env)
        sqlite_project.sql("UPDATE batchdrain_claim SET lease_until_ms = lease_until_ms - 86400000")
        late = sqlite_project.inv("recover")
    finally:
        os.killpg(drain.pid, signal.SIGKILL)
        drain.communicate(timeout=DEADLINE_S)

    assert "0 recovered, 1 still held." in early.lines
    assert "is dead, but its command may still run elsewhere: it is held until its lease expires" in early.out
    assert resumed.code == 0, resumed.err
    assert "1 recovered, 0 still held." in late.lines
    assert violations(sqlite_project, witness, "") == []
