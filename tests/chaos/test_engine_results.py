"""What an engine gives back may be anything: the phase is settled all the same."""

from __future__ import annotations

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import watched
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

ENGINES = """
import dataclasses
from concurrent.futures import ThreadPoolExecutor

FOUND = {
    "nothing": lambda ending: None,
    "fields": lambda ending: {"by": "exit", "exit_code": 0},
    "numbers": lambda ending: dataclasses.replace(ending, exit_code=10**40, duration_s=float("nan")),
    "raised": lambda ending: 1 / 0,
}

class Lies(ThreadPoolExecutor):
    def submit(self, call, order):
        found = FOUND[order.env["BATCHDRAIN_RUN_ID"]]
        return super().submit(lambda order: found(call(order)), order)

def lies(*, workers, settings):
    return Lies(workers)
"""


@fault(79)
@pytest.mark.parametrize("found", ["nothing", "fields", "numbers", "raised"])
def test_an_engine_that_gives_back_what_is_no_ending_loses_no_result(project: Workplace, found: str) -> None:
    """What the guardian kept counts."""
    witness = watched(project, f"{found}/p~ms=1")
    (project.root / "lying.py").write_text(ENGINES)
    project.configure(engine="lying:lies")
    ran = project.inv("drain", env={"PYTHONPATH": str(project.root)})
    assert (ran.code, set(project.states().values())) == (0, {"COMPLETE"}), ran
    assert project.sql("SELECT outcome FROM batchdrain_attempt") == [("complete",)]
    assert [seen.word for seen in witnessed(witness)] == ["start", "end"]
    assert violations(project, witness, ran.out) == []
