"""Recovery as a shell: whom it waits for and how long, what it leaves held, and what it makes again before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.ledger.held_claims import Held
from batchdrain.drain import recovery as room
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import find_block, recover
from batchdrain.execution import lost_executions, orphans, tickets
from batchdrain.execution.process_identity import ProcessIdentity, identify_self
from batchdrain.model.errors import ConfigError
from batchdrain.model.states import Outcome
from tests.support.opened import dead, hold, keep_result, opened
from tests.support.workplace import Workplace

ELSEWHERE = ProcessIdentity("another-boot:1", 1, 1)


@pytest.fixture
def work(sqlite_project: Workplace) -> Workplace:
    sqlite_project.fail("r/p", "r/q", reason="before")
    return sqlite_project


@pytest.fixture
def project(work: Workplace) -> Iterator[Project]:
    with opened(work) as found:
        yield found


def held_of(project: Project) -> Held:
    [found] = project.store.history.read_held()
    return found


def test_a_guardian_that_lives_alone_is_given_its_grace_and_six_seconds_and_what_is_left_ten(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[Any]()

    def settle(abandoned: orphans.Abandoned, **bounds: float) -> orphans.Settled:
        asked.append((abandoned, bounds))
        return orphans.Settled(met=3, record=None)

    monkeypatch.setattr(orphans, "settle", settle)
    guard = dead()
    claim = hold(project, "r/p", guard=guard)
    held = held_of(project)
    [back] = recover(project)
    of = orphans.Abandoned(token=claim.token, spool_dir=held.spool_dir, guardian=guard)
    assert asked == [(of, {"guardian_ends_in_s": project.settings.command.grace_s + 6, "within_s": 10.0})]
    assert (back.ended_processes, back.problem) == (3, "")


def test_of_a_claim_that_a_machine_elsewhere_held_nothing_is_ended_here_and_its_result_is_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_result(project, hold(project, "r/p", by=ELSEWHERE, lease_s=-1))
    monkeypatch.setattr(orphans, "settle", lambda *_, **__: pytest.fail("ended"))
    assert [(back.recorded, back.ended_processes) for back in recover(project)] == [(Outcome.COMPLETE, 0)]


@pytest.mark.parametrize(("by", "left_ms", "gone"), [(None, -1, True), (None, 5, True), (ELSEWHERE, -1, False)])
def test_a_lease_is_asked_for_again_where_only_its_end_lets_the_claim_be_taken(
    project: Project, monkeypatch: pytest.MonkeyPatch, by: ProcessIdentity | None, left_ms: int, gone: bool
) -> None:
    hold(project, "r/p", by=by)
    held = replace(held_of(project), lease_left_ms=left_ms)
    asked = list[tuple[bool, bool]]()
    monkeypatch.setattr(project.store.history, "read_held", lambda: [held])
    monkeypatch.setattr(room, "give_back", lambda *_, gone, began: asked.append((gone, began)))
    assert recover(project) == []
    assert asked == [(gone, True)]


def test_a_claim_of_another_mapping_stays_held_with_what_is_to_be_done_and_keeps_no_other(
    work: Workplace, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem = ConfigError("it was claimed under another mapping", remedy="restore it")
    find = lambda held: problem if held.key.phase_id == "p" else None  # noqa: E731 - used twice
    monkeypatch.setattr(room, "Remapped", lambda _: SimpleNamespace(find_problem=find))
    hold(project, "r/p")
    block = find_block(project, held_of(project))
    assert block is not None
    assert (block.message, block.remedy) == ("r / p: it was claimed under another mapping", "restore it")
    hold(project, "r/q")
    found = {back.key.phase_id: back for back in recover(project)}
    assert (found["p"].problem, found["p"].code, found["p"].state) == (str(problem), problem.exit_code, "EXECUTING")
    assert (found["q"].problem, work.states()) == ("", {"r/p": "EXECUTING", "r/q": "FAILED"})


def test_a_result_is_recorded_though_the_table_of_attempts_was_dropped(work: Workplace) -> None:
    """It is made again before."""
    with opened(work) as project:
        record = keep_result(project, hold(project, "r/p"))
    work.sql("DROP TABLE batchdrain_attempt")
    with opened(work, with_ledger=False) as project:
        [back] = recover(project)
    assert (back.recorded, work.states()["r/p"], record.exists()) == (Outcome.COMPLETE, "COMPLETE", False)
    assert work.sql("SELECT outcome FROM batchdrain_attempt") == [("complete",)]


REFUSES = "CREATE TRIGGER never BEFORE UPDATE ON phases BEGIN SELECT RAISE(ABORT, 'not that one'); END"


def test_what_a_table_does_not_take_back_is_found_by_trying_and_nothing_is_changed_by_it(work: Workplace) -> None:
    with opened(work) as project:
        hold(project, "r/p")
        held = held_of(project)
        assert find_block(project, held) is None
        assert held_of(project).epoch == held.epoch
        assert work.states()["r/p"] == "EXECUTING"
    work.sql(REFUSES)
    with opened(work) as project:
        block = find_block(project, held_of(project))
        assert "not that one" in str(block)


def test_where_nothing_can_be_rolled_back_nothing_is_tried(
    work: Workplace, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold(project, "r/p")
    asked = list[Any]()
    monkeypatch.setattr(room, "can_be_tried", lambda _, tables: asked.extend(tables))
    monkeypatch.setattr(room, "try_give_back", lambda *_: pytest.fail("tried"))
    assert find_block(project, held_of(project)) is None
    ledger = project.store.ledger
    assert asked == [project.store.table.table, ledger.claim, ledger.attempt]


@pytest.mark.parametrize(
    ("ticket", "lease_ms", "lost", "ends"),
    [("ours", -1, None, False), ("drawn", 0, None, False), ("drawn", 1, None, False), ("drawn", -1, None, True), ("drawn", -1, 2, False)],
    ids=["withdrawn", "lease ends now", "lease runs", "lease is over", "found"],
)  # fmt: skip
def test_of_a_delivered_order_what_bears_its_token_is_ended_once_its_lease_is_over_and_nobody_else_settles_it(
    project: Project, monkeypatch: pytest.MonkeyPatch, ticket: str, lease_ms: int, lost: int | None, ends: bool
) -> None:
    hold(project, "r/p", by=identify_self())
    held = replace(held_of(project), guardian=None, lease_left_ms=lease_ms)
    found = None if lost is None else orphans.Settled(met=lost, record=None)
    asked = list[Any]()

    def settle(abandoned: orphans.Abandoned, **bounds: float | None) -> orphans.Settled:
        asked.append((abandoned.token, abandoned.guardian, bounds))
        return orphans.Settled(met=1, record=None)

    monkeypatch.setattr(tickets, "draw", lambda *_: False)
    drawn = SimpleNamespace(guardian=None if ticket == "ours" else dead())
    monkeypatch.setattr(tickets, "read", lambda *_: drawn)
    monkeypatch.setattr(lost_executions, "settle_lost", lambda *_: found)
    monkeypatch.setattr(orphans, "settle", settle)
    settled = room._settle(held, 5.0)
    assert asked == ([(held.token, None, {"guardian_ends_in_s": None, "within_s": 10.0})] if ends else [])
    assert settled == (
        orphans.Settled(met=0, record=None) if ticket == "ours" else orphans.Settled(met=1, record=None) if ends else found
    )
