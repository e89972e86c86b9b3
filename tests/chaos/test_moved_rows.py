"""Somebody changes rows while a drain is at them: his word stands, and the ledger says so."""

from __future__ import annotations

import pytest

from tests.chaos.checker import REASON, violations, witnessed
from tests.chaos.faults import repeated
from tests.chaos.watching import started, watched
from tests.support.workplace import DEADLINE_S, Workplace

QUEUED = 2
EXECUTING = "a/p~until=go"
BY_HAND = {
    "the row changed": "UPDATE phases SET state = 'CANCELLED', last_failure_reason = 'by hand' WHERE phase_id = 'p~until=go'",
    "the row deleted": "DELETE FROM phases WHERE phase_id = 'p~until=go'",
    "the run deleted": "DELETE FROM phases WHERE run_id = 'a'",
}


@repeated(31)
@pytest.mark.parametrize("change", BY_HAND.values(), ids=list(BY_HAND))
def test_what_was_done_by_hand_while_a_phase_executes_is_not_overwritten(project: Workplace, change: str) -> None:
    witness = watched(project, EXECUTING, "a/q~ms=1", "b/p~ms=1", policy=["run-order"])
    drain = project.start("drain")
    started(witness, 1)
    project.sql(change)
    by_hand = project.phases().get(EXECUTING)
    (project.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, err) == (1, b""), out
    assert project.phases().pop(EXECUTING, None) == by_hand
    assert project.sql("SELECT outcome FROM batchdrain_attempt WHERE phase_id = 'p~until=go'") == [("moved",)]
    assert {state for name, state in project.states().items() if name != EXECUTING} == {"COMPLETE"}
    project.sql("DELETE FROM phases WHERE phase_id = 'p~until=go'")
    assert violations(project, witness, out.decode()) == []


# A policy is code of the user's in our process: between the reading of the backlog and the claim it is asked for each lane.
QUEUEING = """
import os
import sqlalchemy as sa

engine = sa.create_engine(os.environ["WORK"], poolclass=sa.pool.NullPool)
looks = 0

def queueing(lane, now):
    global looks
    looks += 1
    if looks == 1:
        with engine.begin() as connection:
            connection.execute(sa.text("UPDATE phases SET state = 'QUEUED' WHERE run_id = 'a'"))
    return 0
"""


@repeated(32, each=QUEUED)
def test_phases_that_are_queued_between_choice_and_claim_are_left_and_the_others_drained(project: Workplace) -> None:
    names = [f"{run}/p{number}~ms=1" for number in range(QUEUED) for run in "ab"]
    witness = watched(project, *names, policy=["queueing:queueing", "smart"])
    (project.root / "queueing.py").write_text(QUEUEING)
    ran = project.inv("drain", "--batch-size=1000", env={"PYTHONPATH": str(project.root), "WORK": project.url})

    assert (ran.code, ran.err) == (0, ""), ran.out
    assert project.events()[-1]["event"] == "session.completed"
    assert [event["event"] for event in project.events()].count("claim.lost") == QUEUED
    assert {found for name, found in project.phases().items() if name[0] == "a"} == {("QUEUED", REASON)}
    assert {state for name, state in project.states().items() if name[0] == "b"} == {"COMPLETE"}
    assert {seen.name[0] for seen in witnessed(witness)} == {"b"}
    project.sql("DELETE FROM phases WHERE run_id = 'a'")
    assert violations(project, witness, ran.out) == []
