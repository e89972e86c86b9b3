"""A signal that comes between the two parts of a chain whose engine is not ours: the chain ends within the grace time and 5 s,
the next part takes nothing, and `resume` goes on."""

from __future__ import annotations

import signal
import time

import pytest

from tests.chaos.faults import fault
from tests.drain.chaining import end_between, queue
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

GRACE_S = 0.5
ENGINE = """
import os, time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

number = 0


def is_there(moment):
    if os.environ.get("AT") != f"{moment} {number}":
        return False
    Path("there").touch()
    return True


def stay():
    while not Path("go").exists():
        time.sleep(0.02)


class Pool(ThreadPoolExecutor):
    def submit(self, *order):
        return Future() if is_there("begins nothing") else super().submit(*order)

    def shutdown(self, *given, **named):
        super().shutdown(*given, **named)
        if is_there("leaves"):
            stay()


def pool(*, workers, settings):
    global number
    number += 1
    if is_there("makes"):
        stay()
    return Pool(workers)
"""


def chained(project: Workplace) -> dict[str, str]:
    """A queued phase and a failed one. The environment in which a drain finds the engine."""
    (project.root / "ours.py").write_text(ENGINE)
    project.configure(engine="ours:pool", command={"grace_s": GRACE_S})
    queue(project, "r/q")
    project.fail("s/f")
    return {"PYTHONPATH": str(project.root)}


def require_left(project: Workplace) -> None:
    """The second part is still to be drained, by whatever engine."""
    assert project.states() == {"r/q": "COMPLETE", "s/f": "FAILED"}
    assert project.sql("SELECT 1 FROM batchdrain_claim WHERE owner IS NOT NULL") == []
    project.configure(engine="local")
    resumed = project.inv("resume")
    assert resumed.code == 0, resumed
    assert set(project.states().values()) == {"COMPLETE"}
    assert project.sql("SELECT phase_id, outcome FROM batchdrain_attempt ORDER BY phase_id") == [
        ("f", "complete"), ("q", "complete"),
    ]  # fmt: skip


@pytest.mark.everyday("sqlite")
@fault(119)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
@pytest.mark.parametrize("at", ["leaves 1", "makes 2", "begins nothing 2"])
def test_a_signal_while_an_engine_hangs_between_the_parts_ends_the_chain_in_time(
    project: Workplace, at: str, number: signal.Signals
) -> None:
    env = {**chained(project), "AT": at}
    chain = project.start("drain-all", env=env)
    wait_for((project.root / "there").exists, "the engine to hang")
    begun = time.monotonic()
    chain.send_signal(number)
    out, err = (text.decode() for text in chain.communicate(timeout=DEADLINE_S))
    took_s = time.monotonic() - begun

    assert (chain.returncode, "Traceback" in err) == (128 + number, False), (out, err)
    assert took_s < GRACE_S + 5 + 2, (took_s, out, err)
    require_left(project)


@pytest.mark.everyday("sqlite")
@fault(119)
@pytest.mark.parametrize("number", ["SIGTERM", "SIGINT"])
@pytest.mark.parametrize("moment", ["after the first", "before the second"])
def test_a_signal_between_the_parts_ends_a_chain_of_any_engine(project: Workplace, moment: str, number: str) -> None:
    chained(project)
    ended = end_between(project, "drain-all", by=number, at=moment)

    assert (ended.returncode, "Traceback" in ended.stderr) == (128 + getattr(signal, number), False), ended
    require_left(project)
