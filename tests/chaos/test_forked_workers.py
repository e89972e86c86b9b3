"""Engines that fork: a child has our descriptors and our handlers, and must do us no harm by them."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import started, watched
from tests.execution.orders import ends
from tests.support.workplace import DEADLINE_S, TASKS, Beside, Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")

IMPATIENT = "from batchdrain.drain import last_resort\nlast_resort.WITHIN_S = 0.0\n"
ENGINES = """
from concurrent.futures import ProcessPoolExecutor
import multiprocessing, os, signal
from batchdrain.execution.engines.local import LocalEngine

def pool(*, workers, settings):
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("fork"))

class Helped(LocalEngine):
    helper = None
    def submit(self, call, *order):
        if order and self.helper is None:
            self.helper = os.fork()
        if self.helper == 0:
            open("helper", "w").write(str(os.getpid()))
            while True:
                signal.pause()
        return super().submit(call, *order)

def helped(*, workers, settings):
    return Helped(workers)
"""


def start(place: Workplace, engine: str, **settings: object) -> Beside:
    (place.root / "forking.py").write_text(ENGINES)
    place.configure(engine=f"forking:{engine}", workers=2, **settings)
    return place.start("drain")


def workers_of(drain: Beside) -> list[psutil.Process]:
    children = psutil.Process(drain.pid).children()
    return [child for child in children if not any("guardian.server" in part for part in child.cmdline())]


@fault(91)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_one_signal_to_the_whole_group_is_one_signal(sqlite_project: Workplace, number: signal.Signals) -> None:
    """A second one would end this drain at once."""
    witness = watched(sqlite_project, "a/p~until=go", "b/p~until=go", "c/p~ms=1", policy=["run-order"])
    (sqlite_project.root / "tasks.py").write_text(IMPATIENT + TASKS)
    drain = start(sqlite_project, "pool", finish_current=True)
    started(witness, 2)
    os.killpg(drain.pid, number)
    (sqlite_project.root / "go").touch()

    code, out = ended(drain)

    assert code == 128 + number, out
    assert sqlite_project.states() == {"a/p~until=go": "COMPLETE", "b/p~until=go": "COMPLETE", "c/p~ms=1": "FAILED"}
    assert sqlite_project.session()["status"] == "interrupted"
    assert violations(sqlite_project, witness, out) == []


@fault(91)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_whole_group_ends_the_commands_of_forked_workers(
    sqlite_project: Workplace, number: signal.Signals
) -> None:
    witness = watched(sqlite_project, "a/p~hang", "b/p~hang")
    drain = start(sqlite_project, "pool")
    started(witness, 2)
    os.killpg(drain.pid, number)

    code, out = ended(drain)

    assert code == 128 + number, out
    assert set(sqlite_project.states().values()) == {"FAILED"}
    assert set(sqlite_project.sql("SELECT outcome FROM batchdrain_attempt")) == {("released",)}
    assert violations(sqlite_project, witness, out) == []


@fault(91)
def test_a_signal_to_one_forked_worker_stops_no_drain(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~until=go", "b/p~until=go", "c/p~ms=1", policy=["run-order"])
    drain = start(sqlite_project, "pool", finish_current=True)
    started(witness, 2)
    workers_of(drain)[0].send_signal(signal.SIGINT)
    (sqlite_project.root / "go").touch()

    code, out = ended(drain)

    assert code == 0, out
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


@fault(91)
def test_an_engine_that_breaks_ends_its_forked_workers_and_holds_no_drain(sqlite_project: Workplace) -> None:
    """It sends them a TERM, and waits for them."""
    witness = watched(sqlite_project, "a/p~hang", "b/p~hang")
    drain = start(sqlite_project, "pool")
    started(witness, 2)
    killed, other = workers_of(drain)
    killed.kill()

    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.wait(), b"it takes no commands: BrokenProcessPool" in err) == (75, True), (out, err)
    assert ends(other.pid)
    assert violations(sqlite_project, witness, out.decode()) == []


@fault(91)
def test_a_child_that_outlives_the_controller_hides_its_death_from_no_guardian(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang=1", "b/p~hang=1")
    drain = start(sqlite_project, "helped")
    started(witness, 2)
    helper = sqlite_project.root / "helper"
    wait_for(lambda: helper.exists() and helper.read_text(), "the helper to be there")
    guards = [pid for (pid,) in sqlite_project.sql("SELECT guard_pid FROM batchdrain_claim WHERE owner IS NOT NULL")]
    drain.kill()
    drain.wait()
    try:
        assert all(ends(pid) for pid in guards)
        sqlite_project.configure(engine="local")
        resumed = sqlite_project.inv("resume")
    finally:
        os.kill(int(helper.read_text()), signal.SIGKILL)
        drain.communicate(timeout=DEADLINE_S)

    assert resumed.code == 0, resumed.err
    assert set(sqlite_project.states().values()) == {"COMPLETE"}
    assert len(guards) == 2
    assert [seen.word for seen in witnessed(witness)].count("end") == 2


def test_a_child_has_no_descriptor_of_ours_that_tells_of_signals(tmp_path: Path) -> None:
    from batchdrain.drain.last_resort import ended_by_the_second_signal

    before = set(os.listdir("/proc/self/fd"))
    with ended_by_the_second_signal():
        pid = os.fork()
        if pid == 0:
            (tmp_path / "left").write_text(f"{signal.set_wakeup_fd(-1)} {set(os.listdir('/proc/self/fd')) - before}")
            os._exit(0)
        os.waitpid(pid, 0)
    assert (tmp_path / "left").read_text() == "-1 set()"
