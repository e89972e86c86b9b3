"""What the flags of a drain, of a plan, of a chain and of a resume ask for, as a request that a drain goes by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.chain_flags import ChainFlags, open_chain
from batchdrain.cli.commands.drain import _require_plan_alone, _with_plan
from batchdrain.cli.commands.drain_flags import DrainFlags
from batchdrain.cli.commands.narrowing_flags import narrowing_of, require_narrow
from batchdrain.cli.invocation import Invocation
from batchdrain.config.load import Override
from batchdrain.drain.narrowing import NARROWED
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import BadData, UsageError
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace

UID = "u" * 32
PHASE = {"run_id": "r", "phase_id": "a", "category": "disk", "fingerprint": "x", "reason": "first"}


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project, batch_size=9) as found:
        yield found


def with_plan(project: Project, *, explicit_size: bool = False, **fields: Any) -> DrainRequest:
    plan = {
        "schema_version": 1,
        "made_at": "",
        "database": {},
        "filters": {},
        "phases": [PHASE, {**PHASE, "phase_id": "b"}],
        **fields,
    }
    path = project.root / "plan.json"
    path.write_text(json.dumps(plan))
    return _with_plan(project, request_for(project), path, explicit_size=explicit_size)


def test_a_plan_is_drained_whole_unless_a_size_is_given_and_takes_whom_it_was_made_with(project: Project) -> None:
    found = with_plan(project)
    assert found.plan is not None
    assert ([one.phase_id for one in found.plan], found.settings.batch_size) == (["a", "b"], 2)
    assert with_plan(project, explicit_size=True).settings.batch_size == 9
    for value, is_taken in ((True, True), (False, False), ("yes", False), (None, False)):
        request = with_plan(project, filters={"include_quarantined": value})
        assert request.filters.include_quarantined is is_taken


def test_a_plan_of_another_database_is_refused_by_its_uid_else_by_its_place(project: Project) -> None:
    ours = project.store.identify()
    assert ours["uid"] is not None
    for theirs, is_ours in (
        ({"uid": ours["uid"], "place": "elsewhere"}, True), ({"uid": UID, "place": ours["place"]}, False),
        ({"place": ours["place"]}, True), ({"place": "elsewhere"}, False), ({}, True), ({"uid": None, "place": "elsewhere"}, False),
    ):  # fmt: skip
        if is_ours:
            assert with_plan(project, database=theirs).plan
            continue
        with pytest.raises(BadData, match=r"was made for another database \(theirs\)"):
            with_plan(project, database={**theirs, "url": "theirs"})
    with pytest.raises(BadData, match="holds no phases"):
        with_plan(project, phases=[])


def test_a_database_that_has_no_uid_yet_is_told_by_its_place(sqlite_project: Workplace) -> None:
    with opened(sqlite_project, with_ledger=False) as bare:
        assert bare.store.identify()["uid"] is None
        assert with_plan(bare, database={"uid": UID, "place": bare.store.database.place}).plan
        with pytest.raises(BadData):
            with_plan(bare, database={"uid": UID, "place": "elsewhere"})


@pytest.mark.parametrize(
    ("flags", "is_alone"),
    [
        (DrainFlags(), True),
        (DrainFlags(settings=[Override("--batch-size", ("batch_size",), "3")]), True),
        (DrainFlags(triage=True), False),
        (DrainFlags(run_id="r"), False),
        (DrainFlags(include_quarantined=True), False),
        (DrainFlags(settings=[Override("--policy", ("policy",), "smart")]), False),
    ],
)
def test_a_plan_goes_with_nothing_that_chooses_among_its_phases(flags: DrainFlags, is_alone: bool) -> None:
    if is_alone:
        _require_plan_alone(flags, flags.filters)
        return
    with pytest.raises(UsageError, match="--plan: drains exactly"):
        _require_plan_alone(flags, flags.filters)


GIVEN = {
    "--max-total-minutes": "7", "--workers": "1", "--min-success-rate": "0.75", "--max-attempts": "1", "--max-timeouts-per-run": "2",
    "--max-repeats": "4",
}  # fmt: skip


def test_a_resume_is_narrowed_by_the_flags_that_were_given_and_by_no_setting() -> None:
    invocation = Invocation(section={"batch_size": 5, "workers": 2}, environ={}, root=Path(), dry=False)
    given = [Override(flag, NARROWED[flag][0], value) for flag, value in GIVEN.items()]
    found = narrowing_of(invocation, DrainFlags(settings=given, run_id="r", exclude_run=("x",)))
    assert found.limits == {
        "--max-total-minutes": 7, "--workers": 1, "--min-success-rate": 0.75, "--max-attempts": 1, "--max-timeouts-per-run": 2,
        "--max-repeats": 4,
    }  # fmt: skip
    assert (found.batch_size, found.filters) == (None, Filters(run_id="r", exclude_runs=("x",)))
    bare = narrowing_of(invocation, DrainFlags(settings=[Override("--batch-size", ("batch_size",), "3")]))
    assert (bare.batch_size, bare.limits, bare.filters) == (3, {}, Filters())


@pytest.mark.parametrize("flag", [*GIVEN, "--batch-size", "--finish-current"])
def test_a_resume_takes_what_narrows(flag: str) -> None:
    require_narrow(DrainFlags(settings=[Override(flag, ("x",), "1")]))


@pytest.mark.parametrize(
    ("flags", "flag"),
    [
        (DrainFlags(settings=[Override("--batch-size", ("x",), "1"), Override("--policy", ("x",), "1")]), "--policy"),
        (DrainFlags(plan="p.json"), "--plan"),
        (DrainFlags(triage=True), "--triage"),
        (DrainFlags(group="g"), "--group"),
    ],
)
def test_a_resume_refuses_what_its_session_brings_with_it(flags: DrainFlags, flag: str) -> None:
    with pytest.raises(UsageError, match=f"^{flag}: --resume continues the session as it was begun"):
        require_narrow(flags)


def test_the_flags_that_may_be_idle_are_named_and_no_other() -> None:
    settings = [Override(flag, ("x",), "1") for flag in ("--workers", "--batch-size", "--policy", "--max-attempts")]
    assert DrainFlags(settings=settings).names == {"--workers", "--policy", "--max-attempts"}
    assert DrainFlags(include_quarantined=True).names == {"--include-quarantined"}
    flags = DrainFlags(cluster=("0123456789", "abcdefabcd"), output="o.json", explain=True, quiet=True)
    assert (flags.filters.cluster, str(flags.view.output)) == ("0123456789,abcdefabcd", "o.json")
    assert (flags.view.explain, flags.view.quiet, DrainFlags().view.output, DrainFlags().filters) == (
        True,
        True,
        None,
        Filters(),
    )


def test_a_chain_drains_queued_phases_in_their_own_size_and_order_and_failed_ones_as_any_drain(
    sqlite_project: Workplace,
) -> None:
    sqlite_project.configure(batch_size=9, policy=["smart"])
    section = json.loads((sqlite_project.root / "invoke.yaml").read_text())["batchdrain"]
    invocation = Invocation(section=section, environ={}, root=sqlite_project.root, dry=False)
    sizes = [Override("--queued-batch-size", ("batch_size",), "3"), Override("--workers", ("workers",), "2")]
    flags = ChainFlags(settings=sizes, max_batches=4, stop_on_first_failure=True, exclude_run=("x",), category=("timeout",))
    with open_chain(invocation, flags) as (_, requests):
        queued, failed = requests[Kind.QUEUED], requests[Kind.FAILED]
    assert (queued.settings.batch_size, queued.settings.policy, queued.max_batches) == (3, ["most-queued", "run-order"], 4)
    assert (failed.settings.batch_size, failed.settings.policy, failed.max_batches) == (9, ["smart"], None)
    for request in (queued, failed):
        assert (request.settings.workers, request.stop_on_first_failure) == (2, True)
        assert request.flags == {"--queued-batch-size", "--workers"}
        assert request.filters == Filters(exclude_runs=("x",), categories=("timeout",))
    alone = ChainFlags(settings=(), max_batches=None, stop_on_first_failure=False, run_id="r")
    with open_chain(invocation, alone) as (_, requests):
        assert [requests[kind].settings.policy for kind in Kind] == [["smart"], ["run-order"]]
        assert [requests[kind].filters.run_id for kind in Kind] == ["r", "r"]
        assert [requests[kind].settings.batch_size for kind in Kind] == [9, 9]
    with pytest.raises(UsageError, match="--run-id: is required"):
        flags.require_run()
