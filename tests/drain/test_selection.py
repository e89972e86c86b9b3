"""Which requested options change nothing, asked of a backlog that was just read; which backlog a request gets; and which session a
resume takes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain.close import keep_head
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import find_session, read_session
from batchdrain.drain.selection import backlog_for, count_runs, find_idle, find_idle_of_part, settle
from batchdrain.model.errors import BadData
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.filters import Filters
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.session import Kind
from tests.sessions.files import put
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

ONE_RUN = ["--workers=3: 1 run has phases to drain, and those of one run are executed one after the other"]
UNQUARANTINED = ["--include-quarantined: no phase is quarantined"]
OVER = {"status": "complete", "completed_at": "2025-12-28T13:00:00Z"}
LEFT = {"status": "interrupted"}
OTHERS = {"database": {"uid": "f" * 32, "url": "elsewhere"}}


def idle(
    *flags: str, orphanings: tuple[int, ...] = (), ranks: tuple[tuple[int, str, int], ...] = ((1, "a", 0),)
) -> list[str]:
    past = SimpleNamespace(orphanings=dict(enumerate(orphanings)))
    project = SimpleNamespace(store=SimpleNamespace(history=SimpleNamespace(read_past=lambda: past)))
    settings = SimpleNamespace(workers=3, policy=("run-order",))
    request = SimpleNamespace(
        flags=frozenset(flags), settings=settings, filters=Filters(), state=SimpleNamespace(value="failed")
    )
    backlog = SimpleNamespace(ranks=lambda: list(ranks), total=len(ranks), seen=SimpleNamespace(clusters=set()))
    return find_idle(cast("Project", project), cast("DrainRequest", request), cast("Backlog", backlog))


@pytest.mark.parametrize(
    ("orphanings", "told"), [((), UNQUARANTINED), ((2,), UNQUARANTINED), ((3,), []), ((0, 3), []), ((4, 1), [])]
)
def test_quarantined_phases_are_taken_to_no_effect_only_where_no_phase_was_orphaned_thrice(
    orphanings: tuple[int, ...], told: list[str]
) -> None:
    assert idle("--include-quarantined", orphanings=orphanings) == told
    assert idle(orphanings=orphanings) == []


def test_workers_are_told_to_be_idle_only_where_they_were_asked_for_and_runs_are_fewer() -> None:
    assert idle("--workers") == idle("--workers", ranks=((1, "a", 0), (2, "a", 1))) == ONE_RUN
    assert idle() == idle("--workers", ranks=((1, "a", 0), (1, "b", 0), (1, "c", 0))) == []


def test_each_idle_option_has_its_line() -> None:
    assert idle("--workers", "--include-quarantined") == UNQUARANTINED + ONE_RUN


def test_runs_are_counted_by_the_run_of_each_rank() -> None:
    ranks = [(1, "a", 0), (2, "a", 1), (1, "b", 0)]
    assert count_runs(cast("Backlog", SimpleNamespace(ranks=lambda: ranks))) == 2


@pytest.mark.parametrize(("kind", "flags", "told"), [
    (Kind.FAILED, ("--policy",), True), (Kind.FAILED, (), False), (Kind.QUEUED, ("--policy",), False),
])  # fmt: skip
def test_an_idle_policy_is_told_of_the_failed_part_alone_and_only_where_it_was_given(
    sqlite_project: Workplace, kind: Kind, flags: tuple[str, ...], told: bool
) -> None:
    sqlite_project.add(*((run, "p", 0, state, "boom") for run, state in zip("abcd", ("FAILED", "QUEUED") * 2, strict=True)))
    with opened(sqlite_project, policy=["untried-first"]) as project:
        request = request_for(project, kind, flags=frozenset(flags))
        backlog = backlog_for(project, request, ResultCounts())
        backlog.refresh(clock.now())
        assert bool(find_idle_of_part(request, backlog)) is told
        if told:
            assert find_idle(project, request, backlog) == find_idle_of_part(request, backlog)


def test_a_run_that_is_named_by_a_glob_is_settled_against_the_table(sqlite_project: Workplace) -> None:
    sqlite_project.fail("release-1/p", "[a]/p")
    with opened(sqlite_project) as project:
        for text, is_glob in (("release-*", True), ("[a]", False)):
            settled = settle(project, request_for(project, filters=Filters.of(run_id=text)))
            assert (settled.filters.run_id, settled.filters.run_id_is_glob) == (text, is_glob)


@pytest.mark.parametrize(
    ("left", "taken"),
    [
        ({"1": LEFT}, "1"),
        ({"1": LEFT, "2": LEFT}, "2"),
        ({"1": LEFT, "2": OVER}, "1"),
        ({"1": OVER, "2": OVER}, None),
        ({"1": LEFT, "2": {**LEFT, **OTHERS}}, "1"),
        ({"1": {**LEFT, **OTHERS}, "2": {**LEFT, **OTHERS}, "3": OVER}, "2"),
        ({"1": LEFT, "2": None}, "1"),
        ({"1": {**OVER, "chain_uid": "open"}}, "1"),
        ({"1": {**OVER, "chain_uid": "ended"}}, None),
        ({"1": {"status": "stopped", "chain_uid": "open", "completed_at": OVER["completed_at"]}}, None),
    ],
    ids=["one", "the newest", "not a complete one", "none", "not of another database", "others alone", "a folder alone",
         "its chain is open", "its chain has ended", "it was stopped"],
)  # fmt: skip
def test_a_resume_takes_the_newest_session_that_can_go_on(
    sqlite_project: Workplace, left: dict[str, dict[str, Any] | None], taken: str | None
) -> None:
    for name, fields in left.items():
        if fields is None:
            (sqlite_project.sessions / name / "logs").mkdir(parents=True)
        else:
            put(sqlite_project, name, **fields)
    with opened(sqlite_project) as project:
        found = find_session(project, None, {"open"})
        assert (None if found is None else found.session_id) == taken
        assert [session.session_id for name in left if left[name] and (session := find_session(project, name))] == [
            name for name, fields in left.items() if fields
        ]


def test_a_resume_does_not_pass_over_a_torn_file_of_which_the_ledger_knows_nothing(sqlite_project: Workplace) -> None:
    put(sqlite_project, "1", **LEFT)
    put(sqlite_project, "2").write_text('{"torn')
    with opened(sqlite_project) as project, pytest.raises(BadData, match="the ledger does not know session 2 either"):
        find_session(project, None)


@pytest.mark.parametrize(
    ("fields", "is_torn", "is_taken"),
    [(LEFT, False, True), (OVER, False, False), (OVER, True, True), ({**OVER, "chain_uid": "open"}, False, True)],
    ids=["left", "over", "over and torn", "over, of an open chain"],
)
def test_a_session_whose_file_is_gone_is_taken_as_the_ledger_has_it(
    sqlite_project: Workplace, fields: dict[str, Any], is_taken: bool, *, is_torn: bool
) -> None:
    first, last = "batch-drain-20251228-120000", "batch-drain-20251228-130000"
    put(sqlite_project, first, **LEFT)
    path = put(sqlite_project, last, session_uid="b" * 32, **fields)
    (sqlite_project.sessions / last / "logs").mkdir(parents=True)
    with opened(sqlite_project) as project:
        keep_head(project, project.folder.load(last))
        path.write_text('{"torn') if is_torn else path.unlink()
        found = find_session(project, None, {"open"})
        assert found is not None
        assert found.session_id == (last if is_taken else first)
        assert read_session(project, last)[1] is True
        assert read_session(project, first)[1] is False
