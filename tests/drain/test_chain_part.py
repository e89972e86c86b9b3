"""What is left of one part of a chain, as its plan has it: the same phases, limits and ends as the part itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.drain.chain import part as room
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.chain.part import PartPlan, has_nothing, plan_part
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.project import Project
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.filters import Filters
from batchdrain.planning.forecast import ENOUGH
from batchdrain.runtime import clock
from batchdrain.sessions.session import Kind
from tests.drain.chaining import queue
from tests.sessions.files import put
from tests.support.opened import UID, hold, opened, request_for
from tests.support.workplace import Workplace

DONE = {"run_id": "r", "phase_id": "a", "success": True, "final_state": "COMPLETE"}


@pytest.fixture
def work(sqlite_project: Workplace) -> Workplace:
    return sqlite_project


@pytest.fixture
def project(work: Workplace) -> Iterator[Project]:
    with opened(work) as found:
        yield found


def chain_of(project: Project, **facts: Any) -> Chain:
    return Chain.of("drain-all", {kind: request_for(project, kind, **facts) for kind in (Kind.QUEUED, Kind.FAILED)})


def begun(project: Project, work: Workplace, chain: Chain, kind: Kind, **fields: Any) -> None:
    """A part of it that was left."""
    put(work, kind.value, kind=kind.value, chain_uid=chain.uid, **fields)
    chain.ids[kind] = kind.value
    chain.sessions[kind] = project.folder.load(kind.value)


def taken(part: PartPlan) -> list[str]:
    return [f"{planned.choice.phase.run_id}/{planned.choice.phase.phase_id}" for planned in part.made.all]


def test_a_part_that_was_not_begun_takes_what_was_asked_for_up_to_what_this_time_may(work: Workplace) -> None:
    work.fail("r/a", "s/b", "t/c", "u/d")
    with opened(work, batch_size=3) as project:
        chain = chain_of(project, filters=Filters(exclude_runs=("t",)))
        whole = plan_part(project, chain, Kind.FAILED, AS_ASKED, ())
        less = plan_part(project, chain, Kind.FAILED, Narrowing(batch_size=1, is_of_chain=True), ())
        one_run = plan_part(project, chain, Kind.FAILED, Narrowing(filters=Filters(run_id="u")), ())
    assert [taken(part) for part in (whole, less, one_run)] == [["r/a", "s/b", "u/d"], ["r/a"], ["u/d"]]
    assert (whole.made.room, less.made.room, less.made.left) == (0, 0, 2)


def test_a_part_that_was_left_goes_on_with_its_retries_and_what_is_left_to_it(work: Workplace) -> None:
    work.fail("r/a", "r/b", "r/c", "r/d", "r/e")
    waits = {"run_id": "r", "success": False, "final_state": "FAILED", "category": "transient",
             "retry_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    with opened(work, batch_size=4) as project:
        chain = chain_of(project)
        results = [DONE, {**waits, "phase_id": "c"}, {**waits, "phase_id": "b"}]
        begun(project, work, chain, Kind.FAILED, results=results)
        part = plan_part(project, chain, Kind.FAILED, AS_ASKED, ())
        less = plan_part(project, chain, Kind.FAILED, Narrowing(filters=Filters(run_id="none")), ())
    assert [planned.choice.phase.phase_id for planned in part.made.retries] == ["c", "b"]
    assert (taken(part), taken(less)) == (["r/c", "r/b", "r/d"], []), "one of four was left to it"


def test_what_is_to_be_expected_is_said_of_a_part_that_begins(work: Workplace, project: Project) -> None:
    work.fail("r/a", "r/b", reason="boom")
    moment, ledger = clock.to_ms(clock.now()), project.store.ledger
    base = {"source": "phases", "epoch": 1, "session_uid": UID, "attempt": 1, "run_type": "default", "initial_state": "FAILED",
            "outcome": "complete", "from_category": "other", "from_fingerprint": "boom", "duration_ms": 1000}  # fmt: skip
    rows = [
        {
            **base,
            "key": PhaseKey("s", str(at)).digest,
            "run_id": "s",
            "phase_id": str(at),
            "started_ms": moment + at,
            "ended_ms": moment + at,
        }
        for at in range(2 * ENOUGH)
    ]
    project.store.database.write(lambda connection: connection.execute(ledger.attempt.insert(), rows))
    chain = chain_of(project)
    assert [plan_part(project, chain, kind, AS_ASKED, ()).made.forecast is None for kind in chain.requests] == [True, False]
    begun(project, work, chain, Kind.FAILED)
    assert plan_part(project, chain, Kind.FAILED, AS_ASKED, ()).made.forecast is None


def test_phases_of_the_part_before_it_are_queued_no_more(work: Workplace) -> None:
    queue(work, "r/q", "s/q1", "s/q2")
    work.fail("r/f", "s/f")
    with opened(work, stop={"skip_runs_with_queued": True}) as project:
        chain = chain_of(project)
        first = plan_part(project, chain, Kind.QUEUED, Narrowing(batch_size=2, is_of_chain=True), ())
        alone = plan_part(project, chain, Kind.FAILED, AS_ASKED, ())
        behind = plan_part(project, chain, Kind.FAILED, AS_ASKED, (), first.made)
    assert (taken(first), taken(alone), taken(behind)) == (["r/q", "s/q1"], [], ["r/f"]), "of s one is queued still"


def test_what_the_part_before_it_tries_again_was_queued_no_more_before(work: Workplace) -> None:
    """It stands as failed: of its run as many are queued as without it."""
    queue(work, "a/q", "r/q2")
    work.fail("r/q1", "r/f")
    waits = {"run_id": "r", "phase_id": "q1", "success": False, "final_state": "FAILED", "category": "transient",
             "retry_at": "2026-01-01T00:00:00Z"}  # fmt: skip
    with opened(work, stop={"skip_runs_with_queued": True}) as project:
        chain = chain_of(project)
        begun(project, work, chain, Kind.QUEUED, results=[waits])
        first = plan_part(project, chain, Kind.QUEUED, Narrowing(batch_size=1, is_of_chain=True), ())
        behind = plan_part(project, chain, Kind.FAILED, AS_ASKED, (), first.made)
    assert (taken(first), taken(behind)) == (["r/q1", "a/q"], [])


def test_what_may_end_the_part_before_it_may_end_it_too(work: Workplace) -> None:
    queue(work, "r/q", "s/q")
    work.fail("r/f")
    with opened(work, stop={"skip_runs_with_queued": True, "max_timeouts_per_run": 0}) as project:
        chain = chain_of(project, stop_on_first_failure=True)
        first = plan_part(project, chain, Kind.QUEUED, AS_ASKED, ())
        single = plan_part(project, chain, Kind.FAILED, AS_ASKED, (), replace(first.made, phases=first.made.phases[:1]))
        behind = plan_part(project, chain, Kind.FAILED, AS_ASKED, (), first.made)
    assert "--stop-on-first-failure" in first.made.may_end_by
    assert "--stop-on-first-failure" in behind.made.may_end_by
    assert len(single.made.all) == 1


def test_what_recovery_gives_back_first_is_planned_as_it_would_stand_then(work: Workplace, project: Project) -> None:
    work.fail("r/a", "r/b")
    hold(project, "r/a")
    chain = chain_of(project)
    assert taken(plan_part(project, chain, Kind.FAILED, AS_ASKED, ())) == ["r/b"]
    assert taken(plan_part(project, chain, Kind.FAILED, AS_ASKED, foresee_recovery(project))) == ["r/a", "r/b"]


def test_a_phase_whose_values_no_command_can_be_given_is_planned_by_nobody_and_another_comes_in_its_place(
    work: Workplace,
) -> None:
    work.fail("r/a", "r/b", "r/c")
    work.sql("UPDATE phases SET note = x'00ff' WHERE phase_id = 'a'")
    command = {**work.settings["command"], "columns": ["note"]}
    with opened(work, command=command, batch_size=2) as project:
        part = plan_part(project, chain_of(project), Kind.FAILED, AS_ASKED, ())
    assert taken(part) == ["r/b", "r/c"]
    assert [skip.rule for skip in part.made.skipped if part.made.skipped[skip]] == ["bad data"]


def test_its_limits_are_those_of_what_was_asked_for(work: Workplace, project: Project) -> None:
    work.fail("r/a")
    timeout = project.settings.timeout.model_copy(update={"default_s": 7.0})
    asked = project.settings.model_copy(update={"timeout": timeout})
    part = plan_part(project, chain_of(project, settings=asked), Kind.FAILED, AS_ASKED, ())
    assert [planned.limit.seconds for planned in part.made.all] == [7.0]


def test_an_order_that_changes_nothing_is_told_of_the_failed_part_where_it_begins(work: Workplace) -> None:
    queue(work, "p/a", "p/b", "q/c")
    work.fail("r/a", "r/b", "s/c")
    with opened(work, policy=["untried-first"]) as project:
        chain = chain_of(project, flags=frozenset({"--policy"}))
        told = {kind: plan_part(project, chain, kind, AS_ASKED, ()).idle for kind in chain.requests}
        assert (len(told[Kind.FAILED]), told[Kind.QUEUED]) == (1, []), told
        begun(project, work, chain, Kind.FAILED, results=[DONE])
        assert plan_part(project, chain, Kind.FAILED, AS_ASKED, ()).idle == []


def test_a_part_finds_nothing_where_no_phase_waits_that_it_was_asked_for(work: Workplace, project: Project) -> None:
    work.add(("r*", "p", 0, "COMPLETE", None), ("ra", "p", 0, "FAILED", None), ("rb", "p", 0, "FAILED", None))
    assert [has_nothing(project, chain_of(project), kind) for kind in (Kind.QUEUED, Kind.FAILED)] == [True, False]
    by_name = chain_of(project, filters=Filters.of(run_id="r*"))
    assert has_nothing(project, by_name, Kind.FAILED), "a run bears that name: no other one is meant"


def test_what_another_part_attempted_is_nothing_for_it_and_one_that_was_begun_is_never_empty(
    work: Workplace, project: Project
) -> None:
    work.fail("r/a")
    chain = chain_of(project)
    begun(project, work, chain, Kind.QUEUED, results=[{**DONE, "success": False, "final_state": "FAILED"}])
    assert has_nothing(project, chain, Kind.FAILED)
    assert not has_nothing(project, chain, Kind.QUEUED)


def test_what_may_end_it_is_told_by_what_this_time_narrows_and_not_by_what_the_chain_was_asked_for(work: Workplace) -> None:
    work.fail("r/a", "r/b", "r/c", reason="boom")
    with opened(work, workers=3, stop={"max_repeats": 0, "max_timeouts_per_run": 0, "same_new_failure": 0}) as project:
        chain = chain_of(project)
        whole = plan_part(project, chain, Kind.FAILED, AS_ASKED, ()).made
        narrowed = Narrowing(limits={"--max-repeats": 1, "--workers": 2})
        less = plan_part(project, chain, Kind.FAILED, narrowed, ()).made
    assert (whole.may_end_by, whole.workers) == ((), 3)
    assert (less.may_end_by, less.workers) == (("stop.max_repeats",), 2)


def test_what_may_refuse_its_writes_is_said_of_a_part_that_takes_something(
    work: Workplace, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "find_risks", lambda *_: ("a trigger",))
    queue(work, "r/q")
    chain = chain_of(project)
    told = [plan_part(project, chain, kind, AS_ASKED, ()).made.may_refuse for kind in chain.requests]
    assert told == [("a trigger",), ()]


def test_an_idle_policy_is_told_of_a_failed_part_that_begins_alone(work: Workplace) -> None:
    """The queued part has an order of its own, and of one that goes on it was told before."""
    queue(work, "r/q", "s/q")
    work.fail("r/f", "s/f")
    with opened(work, policy=["untried-first"]) as project:
        chain = chain_of(project, flags=frozenset({"--policy"}))
        told = {kind: len(plan_part(project, chain, kind, AS_ASKED, ()).idle) for kind in chain.requests}
        assert told == {Kind.QUEUED: 0, Kind.FAILED: 1}
        begun(project, work, chain, Kind.FAILED)
        assert plan_part(project, chain, Kind.FAILED, AS_ASKED, ()).idle == []
