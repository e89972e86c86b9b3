"""Engines of others: what breaks in them is theirs, what became of the phase is ours."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.test_kills import started, watched
from tests.workplace import DEADLINE_S, INV, Workplace

ENGINES = """
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
import multiprocessing

def processes(*, workers, settings):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))

class Breaking(ThreadPoolExecutor):
    def submit(self, call, order):
        if "broken" not in order.env["BATCHDRAIN_PHASE_ID"]:
            return super().submit(call, order)
        future = Future()
        future.set_exception(BrokenProcessPool("a worker died"))
        return future

def breaking(*, workers, settings):
    return Breaking(workers)

class Twice(ThreadPoolExecutor):
    def submit(self, call, order):
        def twice(order):
            first = call(order)
            call(order)
            return first
        return super().submit(twice, order)

def twice(*, workers, settings):
    return Twice(workers)
"""


def engine(place: Workplace, name: str) -> None:
    (place.root / "engines.py").write_text(ENGINES)
    place.configure(engine=f"engines:{name}")


def test_any_executor_of_python_is_an_engine_and_brings_its_own_guardians(work: Workplace) -> None:
    names = [f"r{number}/p~ms=1" for number in range(4)]
    witness = watched(work, *names)
    engine(work, "processes")
    ran = work.inv("drain", "--workers=2", env={"PYTHONPATH": str(work.root)})
    assert ran.code == 0, ran.err
    assert violations(work, witness, ran.out) == []
    assert len(witnessed(witness)) == 8


def test_a_phase_whose_engine_breaks_goes_back_and_the_others_are_drained(work: Workplace) -> None:
    witness = watched(work, "a/broken", "b/p~ms=1")
    engine(work, "breaking")
    ran = work.inv("drain", env={"PYTHONPATH": str(work.root)})
    assert ran.code == 0, ran.err
    assert work.states() == {"a/broken": "FAILED", "b/p~ms=1": "COMPLETE"}
    assert violations(work, witness, ran.out) == []
    assert {outcome for (outcome,) in work.sql("SELECT outcome FROM batchdrain_attempt WHERE run_id = 'a'")} == {"orphaned"}


def test_a_second_delivery_of_one_order_is_not_executed(lite: Workplace) -> None:
    """Its files are there already: they are made exclusively."""
    witness = watched(lite, "a/p~ms=1")
    engine(lite, "twice")
    ran = lite.inv("drain", env={"PYTHONPATH": str(lite.root)})
    assert ran.code == 0, ran.err
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]
    assert lite.sql("SELECT outcome FROM batchdrain_attempt") == [("complete",)]


def test_a_controller_in_another_pid_namespace_of_this_machine_is_not_taken_for_dead(lite: Workplace) -> None:
    """Its pids mean nothing there: a container on the same host."""
    apart = ["unshare", "--pid", "--fork", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no pid namespace can be made here")
    witness = watched(lite, "a/p~hang")
    drain = lite.start("drain")
    started(witness, 1)
    ran = subprocess.run([*apart, *INV, "recover"], cwd=lite.root, env=lite.environ(), capture_output=True, check=False)
    assert b"0 recovered, 1 still held." in ran.stdout, ran
    assert b"is of another machine" in ran.stdout
    drain.terminate()
    drain.communicate(timeout=DEADLINE_S)
    assert violations(lite, witness, "") == []
