"""Somebody changes rows while a drain is at them: his word stands, and the ledger says so."""

from __future__ import annotations

import pytest

from tests.chaos.checker import REASON, violations, witnessed
from tests.chaos.faults import repeated
from tests.chaos.watching import started, watched
from tests.workplace import DEADLINE_S, Workplace

QUEUED = 2
EXECUTING = "a/p~until=go"
BY_HAND = {
    "the row changed": "UPDATE phases SET state = 'CANCELLED', last_failure_reason = 'by hand' WHERE phase_id = 'p~until=go'",
    "the row deleted": "DELETE FROM phases WHERE phase_id = 'p~until=go'",
    "the run deleted": "DELETE FROM phases WHERE run_id = 'a'",
}


@repeated(31)
@pytest.mark.parametrize("change", BY_HAND.values(), ids=list(BY_HAND))
def test_what_was_done_by_hand_while_a_phase_executes_is_not_overwritten(work: Workplace, change: str) -> None:
    witness = watched(work, EXECUTING, "a/q~ms=1", "b/p~ms=1", policy=["run-order"])
    drain = work.start("drain")
    started(witness, 1)
    work.sql(change)
    by_hand = work.phases().get(EXECUTING)
    (work.root / "go").touch()
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, err) == (1, b""), out
    assert work.phases().pop(EXECUTING, None) == by_hand
    assert work.sql("SELECT outcome FROM batchdrain_attempt WHERE phase_id = 'p~until=go'") == [("moved",)]
    assert {state for name, state in work.states().items() if name != EXECUTING} == {"COMPLETE"}
    work.sql("DELETE FROM phases WHERE phase_id = 'p~until=go'")
    assert violations(work, witness, out.decode()) == []


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
def test_phases_that_are_queued_between_choice_and_claim_are_left_and_the_others_drained(work: Workplace) -> None:
    names = [f"{run}/p{number}~ms=1" for number in range(QUEUED) for run in "ab"]
    witness = watched(work, *names, policy=["queueing:queueing", "smart"])
    (work.root / "queueing.py").write_text(QUEUEING)
    ran = work.inv("drain", "--batch-size=1000", env={"PYTHONPATH": str(work.root), "WORK": work.url})

    assert (ran.code, ran.err) == (0, ""), ran.out
    assert work.events()[-1]["event"] == "session.completed"
    assert [event["event"] for event in work.events()].count("claim.lost") == QUEUED
    assert {found for name, found in work.phases().items() if name[0] == "a"} == {("QUEUED", REASON)}
    assert {state for name, state in work.states().items() if name[0] == "b"} == {"COMPLETE"}
    assert {seen.name[0] for seen in witnessed(witness)} == {"b"}
    work.sql("DELETE FROM phases WHERE run_id = 'a'")
    assert violations(work, witness, ran.out) == []
