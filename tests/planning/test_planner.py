"""What a planner reads of a real database: which rows, counts and rules a backlog is made of, and what recovery changes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.phases.pages import Row, to_rows
from batchdrain.drain.project import Project
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.acceptances import Acceptance, Subject
from batchdrain.planning.filters import Filters
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.idle_filters import find_idle_filters
from batchdrain.planning.planner import Selection, settle_run
from batchdrain.planning.session_progress import NothingDone
from batchdrain.runtime import clock
from tests.support.opened import opened
from tests.support.workplace import Workplace

DEPENDS = [{"run": "after", "after": ["before"]}]


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail("r/a", "r/b", "s/c", reason="boom")
    sqlite_project.add(
        ("r", "q", 9, "QUEUED", None), ("s", "q", 0, "QUEUED", "boom"), ("s", "q2", 1, "QUEUED", None), ("s", "done", 2, "COMPLETE", None)
    )  # fmt: skip
    with opened(sqlite_project) as project:
        yield project


def selection(project: Project, state: PhaseState = PhaseState.FAILED, **facts: Any) -> Selection:
    made: dict[str, Any] = {"settings": project.settings, "filters": Filters(), "state": state, **facts}
    return Selection(store=project.store, **made)


def chosen(found: Selection) -> list[str]:
    backlog = found.backlog()
    backlog.refresh(clock.now())
    names = []
    while (choice := backlog.next(clock.now())) is not None:
        names.append(f"{choice.phase.run_id}/{choice.phase.phase_id}")
    return names


def rows(found: Selection, run_id: str | None = None) -> list[str]:
    return sorted(
        f"{row.run_id}/{row.phase_id}" for row in to_rows(found.pages() if run_id is None else found.pages_of(run_id))
    )


def back(name: str, state: PhaseState = PhaseState.FAILED, *, has_moved: bool = True) -> GivenBack:
    key = PhaseKey("r", name)
    row = Row(run_id="r", phase_id=name, phase_index=5, reason="boom")
    return GivenBack(key=key, digest=key.digest, stands=state.name, state=state, row=row, has_moved=has_moved)


def test_only_rows_in_the_state_that_is_drained_are_read(place: Project) -> None:
    assert rows(selection(place)) == ["r/a", "r/b", "s/c"]
    assert rows(selection(place, PhaseState.QUEUED)) == ["r/q", "s/q", "s/q2"]
    assert rows(selection(place), "r") == ["r/a", "r/b"]
    assert sorted(chosen(selection(place, filters=Filters.of(run_id="s")))) == ["s/c"]


def test_what_recovery_will_give_back_is_read_as_a_row_of_its_own_state_and_run(place: Project) -> None:
    given = [back("z"), back("y", PhaseState.QUEUED), replace(back("x"), row=None)]
    assert rows(selection(place, given_back=given)) == ["r/a", "r/b", "r/z", "s/c"]
    assert rows(selection(place, PhaseState.QUEUED, given_back=given)) == ["r/q", "r/y", "s/q", "s/q2"]
    assert rows(selection(place, given_back=given), "r") == ["r/a", "r/b", "r/z"]
    assert rows(selection(place, given_back=given), "s") == ["s/c"]


def test_queued_phases_are_counted_with_those_given_back_and_without_those_drained_before(place: Project) -> None:
    given = [back("y", PhaseState.QUEUED), back("x", PhaseState.QUEUED, has_moved=False), back("z")]
    settings = Settings.model_validate({"stop": {"skip_runs_with_queued": True}})
    assert selection(place, settings=settings).reading().rules.queued == {"r": 1, "s": 2}
    found = selection(place, settings=settings, given_back=given, drained_before={"s": 5, "r": 1}).reading().rules
    assert found.queued == {"r": 1, "s": 0}


@pytest.mark.parametrize(
    ("settings", "are_counted"),
    [
        ({}, False),
        ({"policy": ["best-yield", {"name": "sample-first"}]}, False),
        ({"policy": ["smart", "most-queued"]}, True),
        ({"policy": [{"name": "tests.planning.backlogs:lane"}]}, True),
        ({"stop": {"skip_runs_with_queued": True}}, True),
    ],
    ids=["the default", "policies with parameters", "a policy ranks by them", "a policy is not ours", "a rule asks for them"],
)
def test_queued_phases_are_counted_only_where_somebody_may_look_at_them(
    place: Project, settings: dict[str, Any], are_counted: bool
) -> None:
    found = selection(place, settings=Settings.model_validate(settings)).reading().rules
    assert found.queued == ({"r": 1, "s": 2} if are_counted else {})


def test_what_a_run_has_left_is_counted_only_where_others_wait_for_it(place: Project) -> None:
    assert selection(place).reading().rules.unfinished == {}
    waits = Settings.model_validate({"depends_on": DEPENDS})
    assert selection(place, settings=waits).reading().rules.unfinished == {"r": 3, "s": 3}
    will_be_complete = back("z", PhaseState.COMPLETE)
    assert selection(place, settings=waits, given_back=[will_be_complete]).reading().rules.unfinished == {"r": 2, "s": 3}


def test_acceptances_and_verdicts_are_of_failed_phases_alone_and_hints_of_all(place: Project) -> None:
    notes = Notes(place.store.database, place.store.ledger)
    accepted = Acceptance(subject=Subject(run_id="r"), reason="known")
    notes.write(NoteKind.ACCEPTED, {accepted.subject.name: accepted.to_note})
    notes.write(NoteKind.HINT, {"s": {"priority": 7}})
    assert chosen(selection(place)) == ["s/c"]
    assert sorted(chosen(selection(place, PhaseState.QUEUED))) == ["r/q", "s/q", "s/q2"]
    for state in (PhaseState.FAILED, PhaseState.QUEUED):
        rules = selection(place, state).reading().rules
        assert (rules.hints("s"), rules.hints("r"), rules.state) == (7, 0, state)


def test_what_the_session_did_is_left_out_and_a_run_of_a_chain_goes_on_where_it_was_begun(place: Project) -> None:
    key = PhaseKey("r", "a")
    refused = {PhaseKey("r", "b"): Skip("bad data", "no")}
    done = NothingDone(attempted=frozenset({key}), in_chain=frozenset({key}), passed_over=refused)
    assert chosen(selection(place, done=done)) == ["s/c"]
    rules = selection(place, done=done).reading().rules
    assert (rules.attempted, rules.in_chain, rules.passed_over) == ({key}, {key}, refused)


def test_a_drain_of_queued_phases_goes_on_with_the_run_that_it_began(place: Project) -> None:
    """The run with most queued phases comes first, but one that was begun before a resume is not left for it."""
    settings = place.settings.model_copy(update={"policy": ["most-queued"]})
    fresh = chosen(selection(place, PhaseState.QUEUED, settings=settings))
    assert fresh == ["s/q", "s/q2", "r/q"]
    begun = NothingDone(attempted=frozenset({PhaseKey("r", "z")}))
    assert chosen(selection(place, PhaseState.QUEUED, settings=settings, done=begun)) == ["r/q", "s/q", "s/q2"]


def test_a_glob_that_is_the_name_of_a_run_means_that_run(place: Project) -> None:
    assert settle_run(place.store, Filters.of(run_id="r*")).run_id_is_glob
    assert not settle_run(place.store, Filters.of(run_id="r")).run_id_is_glob


def test_filters_that_change_nothing_are_found_where_there_is_something_to_filter(place: Project) -> None:
    def idle(filters: Filters, state: PhaseState = PhaseState.FAILED) -> list[str]:
        backlog = selection(place, state, filters=filters).backlog()
        backlog.refresh(clock.now())
        return [line.partition(":")[0] for line in find_idle_filters(place.store, filters, state, backlog)]

    assert idle(Filters.of()) == []
    assert idle(Filters.of(run_id="nope")) == ["--run-id=nope"]
    assert idle(Filters.of(exclude_runs=["nope", "r"])) == ["--exclude-run=nope"]
    assert idle(Filters.of(categories=["patch", "other"])) == ["--category=patch"]
    assert idle(Filters.of(run_id="nope", categories=["patch"]), PhaseState.QUEUED) == ["--run-id=nope", "--category=patch"]


def test_failure_texts_are_redacted_as_the_store_redacts_them(place: Project) -> None:
    reading = selection(place).reading()
    assert reading.redact == place.store.redact
    assert reading.pages_of is not None
    assert [row.run_id for row in to_rows(reading.pages_of("s"))] == ["s"]


def test_a_failed_run_that_an_attempt_was_made_of_before_is_sampled_anew_after_a_resume(place: Project) -> None:
    settings = place.settings.model_copy(update={"policy": ["sample-first", "run-order"]})
    begun = NothingDone(attempted=frozenset({PhaseKey("r", "z")}))
    assert chosen(selection(place, settings=settings, done=begun)) == ["r/a", "s/c", "r/b"]


def test_a_backlog_takes_its_looks_where_it_is_told_to(place: Project) -> None:
    other = selection(place, filters=Filters.of(run_id="s")).reading
    backlog = selection(place).backlog(other)
    backlog.refresh(clock.now())
    assert backlog.waiting == 1
