"""What a dry run says of recovery is what recovery does, and it plans what a drain finds afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from batchdrain.database.ledger.claims import Claims
from batchdrain.drain.preview.dry_plan import DryPlan, make_dry_plan
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.recovery import recover
from batchdrain.drain.request import DrainRequest
from batchdrain.execution import process_identity
from batchdrain.model.claim import Claim
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind
from tests.chaos.faults import fault
from tests.database.bench import Bench, taken
from tests.database.test_spool_records import GOOD
from tests.support.workplace import Workplace

HAPPENED = {
    "nothing is kept": "",
    "it had succeeded": '{"exit_code": 0}',
    "it had failed": '{"exit_code": 1}',
    "it had timed out": '{"by": "timeout", "exit_code": null, "signal": 15}',
    "its guardian ended it": '{"by": "lease", "exit_code": null, "signal": 15}',
    "what is kept is torn": '{"exit_code": [1]}',
    "somebody set it": "CANCELLED",
    "somebody failed it": "FAILED",
    "somebody deleted it": "DELETE",
}


def hold(bench: Bench, name: str) -> Claim:
    """By a controller of this machine that is dead, as its guardian is."""
    me = process_identity.identify_self()
    dead = replace(me, start=me.start - 1)
    spool = bench.work.root / "session" / "spool"
    for folder in (spool, spool.with_name("logs")):
        folder.mkdir(parents=True, exist_ok=True)
    claims = bench.controller()
    claims.holder = replace(claims.holder, process=dead, spool_dir=str(spool))
    return taken(bench.claim(claims, name, lease_s=3600, guard=dead))


def happen(work: Workplace, claim: Claim, what: str) -> None:
    if what.startswith("{"):
        record = Path(work.root, "session", "spool", f"{claim.token}.json")
        record.write_text(json.dumps({"token": claim.token, **GOOD, **json.loads(what)}))
    elif what == "DELETE":
        work.sql("DELETE FROM phases WHERE phase_id = 'held'")
    elif what:
        work.sql(f"UPDATE phases SET state = '{what}' WHERE phase_id = 'held'")


def planned(bench: Bench) -> DryPlan:
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=bench.project.settings)
    return make_dry_plan(bench.project, request, None)


def summed(found: DryPlan) -> tuple[object, ...]:
    made = found.made
    phases = [(one.choice.phase.key, one.choice.phase.attempts, one.choice.phase.failure) for one in made.all]
    return phases, made.total, made.skipped, made.left


def foreseen_and_done(bench: Bench, what: str) -> None:
    claim = hold(bench, "r/held")
    happen(bench.work, claim, what)
    before, rows = bench.rows("*", "batchdrain_claim"), bench.work.phases()
    foreseen, plan = foresee_recovery(bench.project), planned(bench)
    assert (bench.rows("*", "batchdrain_claim"), bench.work.phases()) == (before, rows)
    done = recover(bench.project)
    assert [(one.key, one.stands, one.recorded) for one in foreseen] == [
        (one.key, one.state, None if one.recorded is None or one.recorded.value == "orphaned" else one.recorded)
        for one in done
    ]
    assert [back.key for back in plan.recovery] == [claim.phase.key]
    assert summed(plan) == summed(planned(bench))


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
@pytest.mark.parametrize("what", HAPPENED.values(), ids=HAPPENED.keys())
@fault(92, each=1)
def test_a_dry_run_foresees_what_recovery_makes_of_a_dead_controllers_phase(bench: Bench, what: str) -> None:
    bench.work.fail("r/held", "r/other", "s/p", reason="boom")
    foreseen_and_done(bench, what)


@pytest.mark.everyday("sqlite", "postgresql")
@pytest.mark.parametrize("stands", ["EXECUTING", "FAILED", "QUEUED", "COMPLETE"])
def test_it_foresees_the_same_where_the_command_sets_states(database_mode: Bench, stands: str) -> None:
    database_mode.work.fail("r/held", "r/other", reason="boom")
    foreseen_and_done(database_mode, stands)


def test_a_phase_that_recovery_quarantines_is_not_planned(bench: Bench) -> None:
    bench.work.fail("r/held", "r/other", reason="boom")
    for _ in range(2):
        hold(bench, "r/held")
        recover(bench.project)
    foreseen_and_done(bench, "")
    made = planned(bench).made
    assert [(str(one.choice.phase.key)) for one in made.all] == ["r / other"]
    assert [skip.rule for skip in made.skipped] == ["quarantined"]


def test_what_a_living_controller_holds_is_left_out_and_not_foreseen(bench: Bench) -> None:
    bench.work.fail("r/held", "r/other")
    taken(bench.claim(Claims(bench.project.store, bench.command, "a" * 32), "r/held"))
    found = planned(bench)
    assert (found.recovery, [str(one.choice.phase.key) for one in found.made.all], found.made.total) == ([], ["r / other"], 1)
