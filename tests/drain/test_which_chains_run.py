"""Which chains are between their parts, and so run although none of their sessions does: told from the ledger alone."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.chain import between_parts
from batchdrain.drain.chain.between_parts import read_running
from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.project import Project
from batchdrain.sessions.session import Kind, Status
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace

WAITING: dict[str, Any] = {"may_go_on": True}


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as found:
        yield found


def add_chain(project: Project, uid: str, ended: Status | None = None) -> str:
    chain = Chain.of("drain-all", {kind: request_for(project, kind) for kind in (Kind.QUEUED, Kind.FAILED)})
    chain.uid, chain.ended = uid, ended
    chain.write(project)
    return uid


def add_part(
    project: Project,
    uid: str,
    chain_uid: str | None,
    *,
    status: str | None = "complete",
    progress: dict[str, Any] = WAITING,
    kind: str = "queued",
    begun_ms: int = 0,
    silent_ms: int = 0,
) -> None:
    """`status`: how it ended; None: it has not. `begun_ms`: it is told from the others by that alone."""
    values = {"session_id": uid, "chain_uid": chain_uid, "host_id": "h", "host": "there", "ctl_pid": 7, "ctl_start": 9,
              "ttl_ms": 60_000}  # fmt: skip
    epoch = project.session_rows.begin(uid, values, {"kind": kind}, progress)
    if status is not None:
        project.session_rows.end(uid, epoch, status, progress)
    table = project.store.ledger.session
    assert table is not None
    this = table.update().where(table.c.session_uid == uid)
    project.store.database.write(
        lambda connection: connection.execute(this.values(begun_ms=begun_ms, beat_ms=table.c.beat_ms - silent_ms))
    )


def running(project: Project, *, alive: bool | None = True) -> list[str]:
    return [row.uid for row in read_running(project, lambda _: alive)]


def test_sessions_that_run_and_chains_between_their_parts_are_told_the_newest_first(project: Project) -> None:
    add_part(project, "first", None, status=None, begun_ms=1)
    add_part(project, "between", add_chain(project, "c1"), begun_ms=2)
    add_part(project, "last", None, status=None, begun_ms=3)
    add_part(project, "over", None, begun_ms=4)
    assert running(project) == ["last", "between", "first"]


@pytest.mark.parametrize("status", [Status.COMPLETE, Status.STOPPED])
def test_a_chain_that_has_ended_is_between_nothing(project: Project, status: Status) -> None:
    add_part(project, "part", add_chain(project, "c1", status))
    assert running(project) == []


def test_a_chain_of_which_a_part_runs_is_told_once(project: Project) -> None:
    """And keeps none that is between its parts from being told."""
    uid = add_chain(project, "c1")
    add_part(project, "queued", uid, begun_ms=1)
    add_part(project, "failed", uid, kind="failed", status=None, begun_ms=2)
    add_part(project, "between", add_chain(project, "c2"), begun_ms=3)
    assert running(project) == ["between", "failed"]


def test_the_last_part_of_a_chain_is_between_nothing(project: Project) -> None:
    uid = add_chain(project, "c1")
    add_part(project, "queued", uid, begun_ms=1)
    add_part(project, "failed", uid, kind="failed", begun_ms=2)
    assert running(project) == [], "the newer one counts, whatever the first one may"


def test_of_each_chain_the_newest_part_is_told(project: Project) -> None:
    uid = add_chain(project, "c1")
    add_part(project, "older", uid, begun_ms=1)
    add_part(project, "newer", uid, begun_ms=2)
    assert running(project) == ["newer"]


GOES_ON: list[tuple[dict[str, Any], str, bool]] = [
    ({"may_go_on": True}, "complete", True),
    ({"may_go_on": True}, "interrupted", True),
    ({"may_go_on": False}, "complete", False),
    ({"may_go_on": "yes"}, "complete", False),
    ({}, "complete", True),
    ({}, "interrupted", False),
]


@pytest.mark.parametrize(("progress", "status", "is_told"), GOES_ON)
def test_a_part_that_something_ended_is_followed_by_none(
    project: Project, progress: dict[str, Any], status: str, is_told: bool
) -> None:
    add_part(project, "part", add_chain(project, "c1"), progress=progress, status=status)
    assert running(project) == (["part"] if is_told else [])


@pytest.mark.parametrize(
    ("alive", "silent_ms", "is_told"),
    [(True, 10**6, True), (False, 0, False), (None, 0, True), (None, 50_000, True), (None, 70_000, False)],
)
def test_its_process_lives_or_nobody_can_tell_and_the_part_ended_no_longer_ago_than_a_sign_of_life_lasts(
    project: Project, alive: bool | None, silent_ms: int, is_told: bool
) -> None:
    add_part(project, "part", add_chain(project, "c1"), silent_ms=silent_ms)
    assert running(project, alive=alive) == (["part"] if is_told else [])


def test_a_part_that_began_between_the_two_readings_is_told_whatever_it_is_and_once() -> None:
    rows: list[Any] = [
        SimpleNamespace(uid=uid, chain_uid=chain, ended_ms=ended_ms, wanted={"kind": kind}, progress=WAITING, status="complete")
        for uid, chain, ended_ms, kind in (
            ("late", "c1", None, "failed"), ("queued", "c1", 9, "queued"), ("alone", None, None, "failed"), ("other", "c2", 9, "queued"),
        )
    ]  # fmt: skip
    assert [row.uid for row in between_parts._find(rows, lambda _: True)] == ["late", "other"]
