"""What never answers holds no controller for ever: every wait at its end has a bound, and a second signal ends it in any case."""

from __future__ import annotations

import os
import signal

import psutil
import pytest

from tests.chaos.faults import fault
from tests.chaos.watching import started, watched
from tests.execution.orders import ends
from tests.support.workplace import TASKS, Beside, Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")

IMPATIENT = "from batchdrain.drain import last_resort\nlast_resort.WITHIN_S = 0.5\n"
HANGING = """
from concurrent.futures import Future, ThreadPoolExecutor
import threading, time

class Never(ThreadPoolExecutor):
    def interrupt(self, *, kill=False):
        pass
    def submit(self, call, order):
        open("submitted", "w").close()
        return Future()

class Leaves(Never):
    def submit(self, call, order):
        return ThreadPoolExecutor.submit(self, call, order)
    def __exit__(self, *_):
        open("submitted", "w").close()
        time.sleep(600)

class Threads(Never):
    def submit(self, call, order):
        def waits():
            open("submitted", "w").close()
            threading.Event().wait()
        return ThreadPoolExecutor.submit(self, waits)

def never(*, workers, settings):
    return Never(workers)

def leaves(*, workers, settings):
    return Leaves(workers)

def threads(*, workers, settings):
    return Threads(workers)
"""


def server_of(drain: Beside) -> int:
    """The pid of its server of guardians."""
    children = psutil.Process(drain.pid).children()
    [server] = [child.pid for child in children if any("guardian.server" in part for part in child.cmdline())]
    return server


@fault(75)
@pytest.mark.parametrize("names", [["a/p~until=go"], ["a/p~until=go", "b/q", "c/r"]], ids=["at the end", "in the middle"])
def test_a_server_of_guardians_that_is_stopped_holds_no_drain(project: Workplace, names: list[str]) -> None:
    witness = watched(project, *names, policy=["run-order"])
    drain = project.start("drain")
    started(witness, 1)
    server = server_of(drain)
    os.kill(server, signal.SIGSTOP)
    (project.root / "go").touch()

    code, out = ended(drain)

    assert code == 0, out
    assert set(project.states().values()) == {"COMPLETE"}
    assert ends(server)


@fault(75)
def test_a_server_of_guardians_that_is_stopped_keeps_no_signal_from_ending_the_drain(sqlite_project: Workplace) -> None:
    witness = watched(sqlite_project, "a/p~hang")
    drain = sqlite_project.start("drain")
    started(witness, 1)
    server = server_of(drain)
    os.kill(server, signal.SIGSTOP)
    drain.send_signal(signal.SIGINT)

    assert ended(drain)[0] == 130
    assert sqlite_project.states() == {"a/p~hang": "FAILED"}
    assert ends(server)


@fault(77)
@pytest.mark.parametrize("engine", ["never", "leaves", "threads"])
def test_a_second_signal_ends_a_drain_whose_engine_hangs(sqlite_project: Workplace, engine: str) -> None:
    (sqlite_project.root / "hanging.py").write_text(HANGING)
    (sqlite_project.root / "tasks.py").write_text(IMPATIENT + TASKS)
    sqlite_project.configure(engine=f"hanging:{engine}", command={"argv": ["/bin/true"]})
    sqlite_project.fail("r/p", reason="before")
    drain = sqlite_project.start("drain")
    wait_for((sqlite_project.root / "submitted").exists, "the engine to hang")
    drain.send_signal(signal.SIGTERM)
    drain.send_signal(signal.SIGINT)

    code, _ = ended(drain)

    assert code in {130, 143}  # two that come at once have no order
    sqlite_project.sql("UPDATE batchdrain_claim SET lease_until_ms = 1")
    assert "0 still held." in sqlite_project.inv("recover").lines[-1]
    assert sqlite_project.states() == {"r/p": "COMPLETE" if engine == "leaves" else "FAILED"}
