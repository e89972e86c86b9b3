"""What an engine gives back may be anything: the phase is settled all the same."""

from __future__ import annotations

import pytest

from tests.chaos.checker import violations, witnessed
from tests.chaos.faults import fault
from tests.chaos.watching import watched
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

ENGINES = """
import json
from concurrent.futures import ThreadPoolExecutor

FOUND = {
    "nothing": lambda answer: None,
    "fields": lambda answer: {"v": 1, "kind": "ended"},
    "numbers": lambda answer: answer.replace(b'"exit_code": 0', b'"exit_code": 1' + b"0" * 40),
    "versions": lambda answer: answer.replace(b'"v": 1', b'"v": 2'),
    "unknown": lambda answer: b'{"v": 1, "kind": "unknown", "message": "is of another version", "speaks": [7]}',
    "others": lambda answer: answer.replace(b'"token": "', b'"token": "not'),
    "raised": lambda answer: 1 / 0,
}

class Lies(ThreadPoolExecutor):
    def submit(self, call, message):
        found = FOUND.get(json.loads(message)["env"]["BATCHDRAIN_RUN_ID"], lambda answer: answer)
        return super().submit(lambda message: found(call(message)), message)

def lies(*, workers, settings):
    return Lies(workers)
"""


@fault(79)
@pytest.mark.parametrize("found", ["nothing", "fields", "numbers", "versions", "unknown", "others", "raised"])
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
