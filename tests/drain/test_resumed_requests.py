"""A session goes on with all that it was asked for, and with no more than is left of it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.drain.chain.idle_options import _as_it_opens
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.preview.failure import find_problems
from batchdrain.drain.preview.progress import foresee_progress
from batchdrain.drain.request import DrainRequest, has_same_command, request_of, require_same_source
from batchdrain.drain.resumption import Resumption
from batchdrain.model.errors import BadData, UsageError
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome
from batchdrain.planning.filters import Filters
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan_file import PlannedPhase
from batchdrain.sessions.session import Kind, Session
from tests.support.opened import opened, request_for
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite")

ALL_FILTERS = Filters.of(
    run_id="release-7",
    exclude_runs=("nightly-*", "[a]"),
    categories=("transient", "timeout"),
    cluster="0123456789",
    include_quarantined=True,
)
OWN: dict[str, Any] = {
    "batch_size": 7, "min_success_rate": 0.5, "profile": "triage", "policy": ["run-order"], "refresh_s": 7.0,
    "categories": [{"match": "boom", "category": "patch"}], "timeout": {"default_s": 77, "adaptive": False},
    "retry": {"max_attempts": 7, "initial_s": 0.7, "max_s": 70.0, "outage_after": 17},
    "stop": {"max_repeats": 7, "max_timeouts_per_run": 17, "canary": True},
    "depends_on": [{"run": "b", "after": ["a"]}], "run_types": [{"match": "r*", "type": "seven"}],
}  # fmt: skip
PLAN = (PlannedPhase(run_id="r", phase_id="p", category="other", fingerprint="boom", reason="first"),)


def gone_on(request: DrainRequest, configured: Settings | None = None) -> DrainRequest:
    """What is read from the file that the session was written to."""
    session = Session(session_id="s", started_at=datetime(2026, 1, 1, tzinfo=UTC), **request.as_fields())
    written = json.loads(json.dumps(session.model_dump(mode="json")))
    return request_of(Session.model_validate(written), configured or Settings())


@pytest.mark.parametrize(
    "request_",
    [
        DrainRequest(kind=Kind.FAILED, filters=ALL_FILTERS, settings=Settings()),
        DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings(), plan=PLAN),
        DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings(), triage=True),
        DrainRequest(kind=Kind.QUEUED, filters=Filters(), settings=Settings(), max_batches=3, stop_on_first_failure=True),
        DrainRequest(kind=Kind.QUEUED, filters=Filters(run_id="r"), settings=Settings()),
    ],
    ids=["filters", "plan", "triage", "queued", "queued, no limit"],
)
def test_a_session_that_goes_on_is_asked_for_the_same(request_: DrainRequest) -> None:
    assert gone_on(request_) == request_


def test_a_session_goes_on_with_each_of_its_own_settings_whatever_is_configured_now() -> None:
    own = Settings.model_validate(OWN)
    found = gone_on(DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=own))
    assert {name: getattr(found.settings, name) for name in OWN} == {name: getattr(own, name) for name in OWN}


def test_filters_that_are_added_at_a_resume_leave_those_of_the_session_in_force() -> None:
    request = DrainRequest(kind=Kind.FAILED, filters=ALL_FILTERS, settings=Settings())
    by = Filters.of(exclude_runs=("weekly-*",), categories=("transient",))
    found = Narrowing(filters=by).apply(request).filters
    assert found.exclude_runs == ("nightly-*", "[a]", "weekly-*")
    assert (found.categories, found.run_id, found.cluster) == (("transient",), "release-7", "0123456789")
    assert found.include_quarantined
    assert Narrowing().apply(request).filters == ALL_FILTERS


@pytest.mark.parametrize(
    ("size", "done", "taken"), [(None, 0, 5), (None, 3, 2), (None, 9, 0), (1, 3, 1), (2, 3, 2), (5, 3, 2), (5, 5, 0)]
)
def test_no_more_is_taken_than_is_left_of_the_session(size: int | None, done: int, taken: int) -> None:
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings(batch_size=5))
    assert Narrowing(batch_size=size).most(request, done) == taken


def test_more_than_the_sessions_own_size_is_refused() -> None:
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings(batch_size=5))
    with pytest.raises(UsageError, match="of which 2 are left"):
        Narrowing(batch_size=6).most(request, 3)


def test_the_retries_of_a_session_are_counted_on_after_a_resume(sqlite_project: Workplace) -> None:
    """Three executions in all, and not three in each go."""
    sqlite_project.configure(retry={"initial_s": 30_000_000, "max_s": 30_000_000, "max_attempts": 3}, stop={"max_repeats": 0})
    sqlite_project.fail("a/1~transient=99", "b/2")
    drain = sqlite_project.start("drain", "--policy=run-order")
    wait_for(lambda: sqlite_project.states()["b/2"] == "COMPLETE", "the retry to be all that is left")
    drain.terminate()
    drain.communicate(timeout=DEADLINE_S)
    path = sqlite_project.session_files()[-1]
    session = json.loads(path.read_text())
    for result in session["results"]:
        result["retry_at"] = result["retry_at"] and "2001-01-01T00:00:00Z"
    session["settings"]["retry"] |= {"initial_s": 0.01, "max_s": 0.01}
    path.write_text(json.dumps(session))
    sqlite_project.sql("UPDATE batchdrain_claim SET next_at_ms = 0 WHERE next_at_ms IS NOT NULL")

    assert sqlite_project.inv("resume").code == 1

    assert sqlite_project.sql("SELECT outcome FROM batchdrain_attempt WHERE run_id = 'a'") == [("failed",)] * 3


def test_a_phase_that_has_had_all_its_tries_is_not_tried_once_more_by_a_resume(sqlite_project: Workplace) -> None:
    """The session's file may be older than the ledger: a controller was killed between the two."""
    sqlite_project.configure(retry={"initial_s": 0.01, "max_s": 0.01, "max_attempts": 2})
    sqlite_project.fail("a/1~transient=99", "b/2")
    sqlite_project.inv("drain", "--policy=run-order")
    path = sqlite_project.session_files()[-1]
    session = json.loads(path.read_text())
    session["results"][0] |= {"retry_at": "2001-01-01T00:00:00Z"}
    path.write_text(json.dumps({**session, "status": "interrupted", "completed_at": None}))

    sqlite_project.inv("resume")

    assert sqlite_project.sql("SELECT count(*) FROM batchdrain_attempt WHERE run_id = 'a'") == [(2,)]


@pytest.mark.parametrize(
    ("kind", "plan", "batches", "most", "batch"),
    [
        (Kind.FAILED, None, None, 7, None), (Kind.FAILED, PLAN, None, 1, None), (Kind.FAILED, PLAN * 9, None, 7, None),
        (Kind.QUEUED, None, None, None, 7), (Kind.QUEUED, None, 3, 21, 7),
    ],
)  # fmt: skip
def test_a_session_takes_as_many_phases_as_it_was_asked_for(
    kind: Kind, plan: tuple[PlannedPhase, ...] | None, batches: int | None, most: int | None, batch: int | None
) -> None:
    settings = Settings(batch_size=7)
    request = DrainRequest(kind=kind, filters=Filters(), settings=settings, plan=plan, max_batches=batches)
    assert (request.most, request.batch, request.state.value) == (most, batch, kind.value)


def test_a_limit_of_this_time_takes_the_place_of_the_sessions_own_and_minutes_do_not() -> None:
    request = DrainRequest(
        kind=Kind.FAILED,
        filters=Filters(),
        settings=Settings.model_validate({"workers": 4, "stop": {"max_total_minutes": 9}}),
    )
    limits = {"--workers": 2, "--max-attempts": 1, "--max-repeats": 1, "--max-timeouts-per-run": 1, "--max-total-minutes": 5}
    found = Narrowing(limits=limits).apply(request).settings
    assert (found.workers, found.retry.max_attempts, found.stop.max_repeats, found.stop.max_timeouts_per_run) == (2, 1, 1, 1)
    assert (found.stop.max_total_minutes, found.stop.same_new_failure, request.settings.workers) == (9, 5, 4)


def test_the_look_at_a_whole_chain_heeds_no_rule_that_its_first_part_may_lift() -> None:
    settings = Settings.model_validate(
        {"stop": {"skip_runs_with_queued": True, "max_repeats": 7}, "depends_on": [{"run": "b", "after": ["a"]}]}
    )
    found = _as_it_opens(DrainRequest(kind=Kind.FAILED, filters=Filters(run_id="r"), settings=settings))
    assert (found.settings.stop.skip_runs_with_queued, found.settings.stop.max_repeats) == (False, 7)
    assert (list(found.settings.depends_on), found.filters.run_id) == ([], "r")


@pytest.mark.parametrize(
    ("triage", "argv", "count"), [(False, ["true"], 0), (False, ["/nothing/there"], 1), (True, ["/nothing/there"], 2)]
)
def test_a_dry_run_says_which_commands_could_not_be_executed(
    sqlite_project: Workplace, triage: bool, argv: list[str], count: int
) -> None:
    with opened(sqlite_project, command={"argv": argv}, triage={"argv": ["/nothing/there/either"]}) as project:
        assert len(find_problems(project, request_for(project, triage=triage))) == count


def test_a_session_knows_whether_its_rows_and_its_command_are_still_the_same() -> None:
    own = Settings.model_validate({"command": {"argv": ["true"]}})
    other = Settings.model_validate({"command": {"argv": ["false"]}, "source": {"table": "others"}})
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=own)
    session = Session(session_id="s", started_at=datetime(2026, 1, 1, tzinfo=UTC), **request.as_fields())
    earlier = session.model_copy(update={"settings": None})
    assert [has_same_command(session, own), has_same_command(session, other), has_same_command(earlier, other)] == [
        True,
        False,
        True,
    ]
    require_same_source(session, own)
    require_same_source(earlier, other)
    with pytest.raises(BadData, match=r"was begun with another batchdrain\.source"):
        require_same_source(session, other)


def test_what_recovery_will_record_of_a_session_counts_as_done_in_its_dry_run() -> None:
    session = Session(session_id="s", session_uid="u", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    request = DrainRequest(kind=Kind.FAILED, filters=Filters(), settings=Settings())
    left = Resumption(session=session, request=request, most=None, retries=(), put_off=0, skipped=Counter(), torn=False)
    ours, given_back, others = (
        GivenBack(key=PhaseKey("r", name), digest="", stands="FAILED", session_uid=uid, recorded=recorded)
        for name, uid, recorded in (("a", "u", Outcome.COMPLETE), ("b", "u", None), ("c", "v", Outcome.COMPLETE))
    )
    nowhere: Any = None  # of no group: nothing is asked
    assert set(foresee_progress(nowhere, request, left, [ours, given_back, others]).places) == {PhaseKey("r", "a")}
    assert foresee_progress(nowhere, request, None, [ours]).places == {}
