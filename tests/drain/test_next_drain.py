"""What the next drain would do with one phase, and what is known of it: by its state now, or as recovery will leave it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.preview.explanation import explain_phase, read_reopenings
from batchdrain.drain.preview.next_drain import NextDrain, look_ahead
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.model.phase import GONE, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.disposition import DispositionKind
from batchdrain.runtime import clock
from batchdrain.sessions.session import Kind
from tests.support.opened import hold, keep_result, opened
from tests.support.workplace import Workplace, named

FAILED, QUEUED, COMPLETE = PhaseState.FAILED, PhaseState.QUEUED, PhaseState.COMPLETE


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[tuple[Workplace, Project]]:
    with opened(sqlite_project) as project:
        yield sqlite_project, project


def key(name: str) -> PhaseKey:
    return PhaseKey(*named(name))


def ahead(project: Project, name: str, state: PhaseState | None = FAILED) -> NextDrain:
    found, _ = look_ahead(project, key(name), state)
    assert found is not None
    return found


def place_of(found: NextDrain) -> tuple[Kind, int, str | None, str | None]:
    chosen = None if found.planned is None else str(found.planned.choice.phase.key)
    return found.kind, found.place, chosen, None if found.skip is None else found.skip.rule


def test_a_failed_phase_has_its_place_among_those_of_every_run_and_a_queued_one_in_its_own_run(
    place: tuple[Workplace, Project],
) -> None:
    work, _ = place
    work.fail("a/p", "a/q", "b*/p")
    work.add(
        ("b*", "q1", 3, "QUEUED", None),
        ("b*", "q0", 2, "QUEUED", None),
        ("b!", "q", 0, "QUEUED", None),
        ("bc", "q", 0, "QUEUED", None),
    )
    with opened(work, policy=["fewest-failures", "run-order"]) as project:
        assert [place_of(ahead(project, name)) for name in ("b*/p", "a/p", "a/q")] == [
            (Kind.FAILED, 1, "b* / p", None), (Kind.FAILED, 2, "a / p", None), (Kind.FAILED, 3, "a / q", None),
        ]  # fmt: skip
        assert [place_of(ahead(project, name, QUEUED)) for name in ("b*/q0", "b*/q1", "bc/q")] == [
            (Kind.QUEUED, 1, "b* / q0", None), (Kind.QUEUED, 2, "b* / q1", None), (Kind.QUEUED, 1, "bc / q", None),
        ]  # fmt: skip


@pytest.mark.parametrize("state", [COMPLETE, PhaseState.EXECUTING, None])
def test_no_drain_takes_a_phase_in_another_state(place: tuple[Workplace, Project], state: PhaseState | None) -> None:
    work, project = place
    work.fail("a/p")
    assert look_ahead(project, key("a/p"), state) == (None, None)


def test_what_is_held_by_a_dead_one_is_judged_as_recovery_will_leave_it(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p", "a/q")
    hold(project, "a/p")
    found, recovery = look_ahead(project, key("a/p"), PhaseState.EXECUTING)
    assert (found is not None and place_of(found), recovery is not None and recovery.key) == (
        (Kind.FAILED, 1, "a / p", None),
        key("a/p"),
    )
    other, none = look_ahead(project, key("a/q"), FAILED)
    assert (other is not None and other.place, none) == (2, None), "what recovery does with another one is not told"
    work.sql("DELETE FROM phases WHERE phase_id = 'p'")
    found, recovery = look_ahead(project, key("a/p"), None)
    assert (found, recovery is not None and recovery.stands) == (None, GONE)


def test_a_phase_behind_the_last_one_of_the_batch_is_left_out_by_no_rule(place: tuple[Workplace, Project]) -> None:
    work, _ = place
    work.fail("a/p", "a/q", "b/p")
    with opened(work, batch_size=2, policy=["run-order"], depends_on=[{"run": "a", "after": ["b"]}]) as project:
        assert place_of(ahead(project, "b/p")) == (Kind.FAILED, 1, "b / p", None)
        waits = ahead(project, "a/q")
        assert (place_of(waits), waits.may_follow, waits.only_results_tell) == (
            (Kind.FAILED, 0, None, "depends_on"), True, (),
        )  # fmt: skip
    with opened(work, batch_size=1, depends_on=[]) as project:
        full = ahead(project, "a/q")
        assert (place_of(full), full.may_follow) == ((Kind.FAILED, 0, None, None), False)


def test_only_results_tell_whether_a_drain_comes_so_far(place: tuple[Workplace, Project]) -> None:
    work, _ = place
    work.fail("a/p", "b/p", "c/p")
    with opened(
        work, policy=["run-order"], stop={"max_consecutive_failures": 2, "same_new_failure": 0, "max_repeats": 0}
    ) as project:
        assert [tuple(ahead(project, name).only_results_tell) for name in ("a/p", "b/p", "c/p")] == [
            (), (), ("stop.max_consecutive_failures",),
        ]  # fmt: skip


def test_an_explanation_has_the_row_of_now_and_is_judged_by_the_state_after_recovery(
    place: tuple[Workplace, Project],
) -> None:
    work, project = place
    work.add(("a", "p", 7, "FAILED", "Boom at 7"), ("a", "odd", None, GONE, None), ("a", "done", 1, "COMPLETE", "x"))
    open_one = explain_phase(project, key("a/p"))
    assert (open_one.state_word, open_one.state, open_one.phase_index, open_one.is_there, open_one.failure.text) == (
        "FAILED", FAILED, 7, True, "Boom at 7",
    )  # fmt: skip
    assert open_one.disposition is not None
    assert open_one.next_drain is not None
    assert (open_one.disposition.kind, open_one.next_drain.place, open_one.recovery) == (DispositionKind.OPEN, 1, None)
    hold(project, "a/p")
    held = explain_phase(project, key("a/p"))
    assert held.disposition is not None
    assert (held.state_word, held.state, held.disposition.kind, held.recovery is not None) == (
        "EXECUTING", PhaseState.EXECUTING, DispositionKind.OPEN, True,
    )  # fmt: skip
    odd, gone, done = (explain_phase(project, key(name)) for name in ("a/odd", "a/none", "a/done"))
    assert [(one.state_word, one.state, one.is_there, one.next_drain, one.disposition) for one in (odd, gone)] == [
        (GONE, None, True, None, None), (GONE, None, False, None, None),
    ]  # fmt: skip
    assert (gone.failure.text, gone.phase_index, done.state, done.disposition) == (None, None, COMPLETE, None)


def test_secrets_of_the_reason_are_not_told(place: tuple[Workplace, Project], monkeypatch: pytest.MonkeyPatch) -> None:
    work, _ = place
    monkeypatch.setenv("WORKER_TOKEN", "s3cret-of-the-worker")
    work.fail("a/p", reason="no s3cret-of-the-worker")
    with opened(work) as project:
        assert explain_phase(project, key("a/p")).failure.text == "no ***"


def test_why_a_phase_is_left_out_makes_its_disposition(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p")
    hold(project, "a/p")
    work.sql("UPDATE phases SET state = 'FAILED'")
    work.sql("UPDATE batchdrain_claim SET owner = NULL, orphan_count = 3, attempts = 0")
    found = explain_phase(project, key("a/p"))
    assert found.disposition is not None
    assert (found.disposition.kind, found.next_drain is not None and found.next_drain.place) == (
        DispositionKind.QUARANTINED,
        0,
    )


def test_the_reopenings_of_a_phase_come_in_their_order_and_are_its_own(
    place: tuple[Workplace, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, project = place
    notes, now = Notes(project.store.database, project.store.ledger), clock.now()
    for hours, subject, name in ((2, "a", "a/p"), (1, "z", "a/p"), (3, "m", "a/p"), (4, "n", "a/q"), (5, "o", "b/p")):
        run_id, phase_id = named(name)
        monkeypatch.setattr(clock, "now", lambda hours=hours: now + timedelta(hours=hours))
        notes.write(NoteKind.REOPENED, {subject: {"run_id": run_id, "phase_id": phase_id, "reason": str(hours)}})
    notes.write(NoteKind.VERDICT, {"v": {"run_id": "a", "phase_id": "p", "reason": "no reopening"}})
    assert [note.content["reason"] for note in read_reopenings(project, key("a/p"))] == ["1", "2", "3"]
    assert [note.content["reason"] for note in explain_phase(project, key("a/p")).reopenings] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("rule", "follow", "may"), [("depends_on", 1, True), ("depends_on", 0, False), ("accepted", 1, False), (None, 1, False)]
)
def test_only_what_waits_for_a_run_may_follow_and_only_if_there_is_room(rule: str | None, follow: int, may: bool) -> None:
    plan: Any = SimpleNamespace(made=SimpleNamespace(may_follow=follow), may_end_before=lambda place: [f"before {place}"])
    found = NextDrain(kind=Kind.FAILED, plan=plan, skip=None if rule is None else Skip(rule, "x"))
    assert (found.may_follow, found.only_results_tell) == (may, ())
    assert NextDrain(kind=Kind.FAILED, plan=plan, place=3).only_results_tell == ["before 3"]


def test_a_phase_that_its_last_attempt_completed_is_fixed_by_it(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p")
    keep_result(project, hold(project, "a/p"))
    recover(project)
    found = explain_phase(project, key("a/p"))
    assert found.disposition is not None
    assert (found.disposition.kind, found.disposition.reason) == (DispositionKind.FIXED, "its last attempt completed it")
    assert (found.state, found.next_drain, found.recovery, found.history.counted) == (COMPLETE, None, None, 1)
