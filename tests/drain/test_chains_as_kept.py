"""A chain as the ledger keeps it: what is written of it is what is read, its first session's lock holds it, and its
parts are counted as one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from batchdrain.database.ledger.chains import ChainRow, Chains
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.project import Project
from batchdrain.model.errors import BadData, SessionInUse
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind, Session, Status
from tests.sessions.files import put
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace

DONE = {"run_id": "r", "phase_id": "a", "success": True, "final_state": "COMPLETE"}
OF_A_CHAIN = "c" * 32


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as found:
        yield found


def chains(project: Project) -> Chains:
    return Chains(project.store.database, project.store.ledger)


def new_chain(project: Project, **facts: Any) -> Chain:
    queued = replace(request_for(project, Kind.QUEUED, filters=Filters(run_id="q")), max_batches=2)
    failed = request_for(project, Kind.FAILED, filters=Filters(run_id="f"), stop_on_first_failure=True)
    made = Chain.of("drain-all", {Kind.QUEUED: queued, Kind.FAILED: failed})
    return replace(made, uid=OF_A_CHAIN, **facts)


def kept(project: Project, chain: Chain) -> ChainRow:
    chain.write(project)
    row = chains(project).read(chain.uid)
    assert row is not None
    return row


def test_a_chain_is_read_as_it_was_written(project: Project) -> None:
    began = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    ids = {Kind.QUEUED: "one", Kind.FAILED: "two"}
    chain = new_chain(project, started_at=began, ids=ids, free_s=12.5, ended=Status.STOPPED, because="why")
    read = Chain.of_row(project, kept(project, chain))
    assert (read.uid, read.task, read.started_at, read.ids) == (OF_A_CHAIN, "drain-all", began, ids)
    assert (read.free_s, read.ended, read.because) == (12.5, Status.STOPPED, "why")
    assert list(read.requests) == [Kind.QUEUED, Kind.FAILED]
    assert [request.kind for request in read.requests.values()] == [Kind.QUEUED, Kind.FAILED]
    assert [request.filters.run_id for request in read.requests.values()] == ["q", "f"]
    assert (read.requests[Kind.QUEUED].max_batches, read.requests[Kind.FAILED].stop_on_first_failure) == (2, True)
    assert (read.sessions, read.known, read.anew, read.is_tried_again) == ({}, {}, False, False)


ENDS: list[tuple[dict[str, Any], Status | None]] = [
    ({"ended_at": None, "status": None}, None),
    ({"ended_at": None, "status": "complete"}, None),
    ({"status": "complete"}, Status.COMPLETE),
    ({"status": "a word of a later version"}, None),
    ({"status": None}, None),
]


@pytest.mark.parametrize(("fields", "ended"), ENDS)
def test_a_chain_has_ended_only_at_a_moment_and_with_a_word_that_is_known(
    project: Project, fields: dict[str, Any], ended: Status | None
) -> None:
    row = replace(kept(project, new_chain(project)), **{"ended_at": datetime.now(UTC), **fields})
    assert Chain.of_row(project, row).ended is ended


def test_what_a_later_version_has_of_a_chain_beyond_its_two_parts_is_passed_over(project: Project) -> None:
    row = kept(project, new_chain(project))
    failed_alone = {"failed": row.asked["failed"], "other": {}, "free_s": "soon"}
    read = Chain.of_row(project, replace(row, asked=failed_alone, sessions={"failed": "two", "other": "three"}))
    assert (list(read.requests), read.ids, read.free_s) == ([Kind.FAILED], {Kind.FAILED: "two"}, 0.0)


@pytest.mark.parametrize("asked", [{"batch_size": "many"}, "text", 5])
def test_a_request_of_a_chain_that_cant_be_read_is_named(project: Project, asked: Any) -> None:
    row = replace(kept(project, new_chain(project)), asked={"failed": asked})
    with pytest.raises(BadData, match=f"chain {OF_A_CHAIN}: what it was asked to do can't be read"):
        Chain.of_row(project, row)


def test_a_chain_that_was_begun_on_other_rows_is_not_gone_on_with(sqlite_project: Workplace) -> None:
    with opened(sqlite_project) as project:
        row = kept(project, new_chain(project))
    with (
        opened(sqlite_project, source={"where": "1 = 1"}) as project,
        pytest.raises(BadData, match=f"session of chain {OF_A_CHAIN}: was begun with another"),
    ):
        Chain.of_row(project, row)


def is_free(project: Project, *names: str) -> list[bool]:
    return [not project.folder.is_held(name) for name in names]


def test_whoever_drains_a_chain_holds_the_lock_of_its_first_session_alone_until_the_end(project: Project) -> None:
    chain = new_chain(project)
    chain.hold(project)
    assert not project.folder.folder.exists(), "it has no session yet"
    chain.ids = {Kind.QUEUED: "one", Kind.FAILED: "two"}
    chain.hold(project)
    with pytest.raises(SessionInUse):
        project.folder.lock("one")
    assert is_free(project, "one", "two") == [False, True]

    first, second = chain.lock(project, "one"), chain.lock(project, "two")
    assert is_free(project, "one", "two") == [False, False]
    for fd in (first, second):
        os.close(fd)
    assert is_free(project, "one", "two") == [False, True], "the parts are over, the chain is not"
    chain.let_go()
    chain.let_go()
    assert is_free(project, "one") == [True]


def test_the_lock_that_a_part_took_first_is_the_chain_s(project: Project) -> None:
    chain = new_chain(project)
    project.folder.prepare()
    os.close(chain.lock(project, "one"))
    os.close(chain.lock(project, "two"))
    assert is_free(project, "one", "two") == [False, True]
    chain.let_go()
    assert is_free(project, "one", "two") == [True, True]


def test_a_session_belongs_to_its_chain_before_it_is_written(project: Project) -> None:
    chain = new_chain(project)
    chain.join(project, Session(session_id="two", started_at=chain.started_at, kind=Kind.FAILED))
    found = chains(project).read(OF_A_CHAIN)
    assert found is not None
    assert found.sessions == {"failed": "two"}


def tokens(*amounts: float) -> list[dict[str, Any]]:
    return [{**DONE, "phase_id": f"p{place}", "metrics": {"tokens": each}} for place, each in enumerate(amounts)]


METRICS: list[tuple[tuple[float, ...], int, int, bool]] = [
    ((1, 0), 0, 1, False),
    ((1, 0, 0), 0, 2, True),
    ((0, 0, 0), 1, 2, True),
    ((0, 0, 0), 2, 1, False),
    ((0, 0, 0), 3, 0, False),
]


@pytest.mark.parametrize(("amounts", "known", "without", "is_over"), METRICS)
def test_results_without_the_metric_are_counted_over_all_parts_from_where_the_chain_was_resumed(
    sqlite_project: Workplace, amounts: tuple[float, ...], known: int, without: int, is_over: bool
) -> None:
    put(sqlite_project, "one", kind="queued", chain_uid=OF_A_CHAIN, results=tokens(*amounts))
    with opened(sqlite_project, stop={"metric": "tokens", "max_without_metric": 2}) as project:
        chain = new_chain(project)
        chain.sessions[Kind.QUEUED] = project.folder.load("one")
        if known:
            chain.known = {Kind.QUEUED: known}
        assert chain.counts_for(Kind.FAILED).progress().without_metric == without
        stop = chain.find_stop()
    assert (stop is not None) is is_over
    assert stop is None or stop.rule == "stop.max_without_metric"
