"""Each line and each field of `inv explain` without a phase, of a backlog in which each disposition stands."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from batchdrain.cli.commands.explain import ExplainFlags, explain
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
from batchdrain.model.errors import UsageError
from tests.cli.called import invocation_of, json_of, lines_of
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace

Capsys = pytest.CaptureFixture[str]


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    place = sqlite_project
    place.fail("a/open", "a/known", "b/open", "b/held")
    place.add(("a", "queued", 0, "QUEUED", None))
    with opened(place) as found:
        subject = {"run_id": "a", "phase_id": "known", "reason": "JIRA-7"}
        Notes(found.store.database, found.store.ledger).write(NoteKind.ACCEPTED, {'["a", "known", null]': subject})
        yield found


def told(place: Workplace, capsys: Capsys, run_id: str | None = None) -> list[str]:
    explain(invocation_of(place), ExplainFlags(run_id=run_id))
    return lines_of(capsys)


OPEN = "open         no drain has tried them"


def test_what_has_become_of_the_failed_phases_is_told_of_all_runs_or_of_those_that_are_named(
    project: Project, sqlite_project: Workplace, capsys: Capsys
) -> None:
    [(who,)] = [(note.by,) for note in Notes(project.store.database, project.store.ledger).read(NoteKind.ACCEPTED)]
    accepted = ["      1 accepted     known failures: drains skip them", f"            1: JIRA-7 ({who})"]
    last, where = "Fixed so far, by drains over all sessions: 0", project.store.where
    assert told(sqlite_project, capsys) == [f"4 failed phases: {where}", f"      3 {OPEN}", *accepted, last]
    assert told(sqlite_project, capsys, "a") == [f"2 failed phases: {where}", f"      1 {OPEN}", *accepted, last]
    assert told(sqlite_project, capsys, "b*") == [f"2 failed phases: {where}", f"      2 {OPEN}", last]
    assert told(sqlite_project, capsys, "z\x1b*") == [
        f"0 failed phases: {where}", last, "  ! --run-id=z\\x1b*: no run matches it; `inv list-run-counts` lists the runs",
    ]  # fmt: skip
    with pytest.raises(UsageError, match=r"^--run-id=z: there is no such run"):
        told(sqlite_project, capsys, "z")


def test_open_phases_that_were_tried_but_never_to_an_end_are_not_called_untried(
    project: Project, sqlite_project: Workplace, capsys: Capsys
) -> None:
    for name, told_of in (("b/held", "1 was"), ("b/open", "2 were")):
        hold(project, name)
        sqlite_project.inv("recover")
        assert told(sqlite_project, capsys)[1] == f"      3 {OPEN} to an end: {told_of} released or orphaned"


def test_what_a_dead_controller_holds_is_counted_as_it_would_be_left(
    project: Project, sqlite_project: Workplace, capsys: Capsys
) -> None:
    hold(project, "b/held")
    assert told(sqlite_project, capsys)[-1] == "1 held by a dead controller: counted as `inv recover` would leave it"
    hold(project, "b/open")
    lines = told(sqlite_project, capsys)
    assert lines[0].startswith("4 failed phases: ")
    assert lines[-1] == "2 held by a dead controller: counted as `inv recover` would leave them"


def test_the_same_is_told_as_json(project: Project, sqlite_project: Workplace, capsys: Capsys) -> None:
    explain(invocation_of(sqlite_project), ExplainFlags(run_id="z*", format="json"))
    nothing = json_of(capsys)
    assert (nothing["failed"], nothing["without_effect"]) == (
        0,
        ["--run-id=z*: no run matches it; `inv list-run-counts` lists the runs"],
    )
    explain(invocation_of(sqlite_project), ExplainFlags(format="json"))
    found = json_of(capsys)
    [left] = found.pop("left_out")
    assert (left["disposition"], left["rule"], left["count"], left["until"]) == ("accepted", "accepted", 1, None)
    assert {name: count for name, count in found.pop("dispositions").items() if count} == {"open": 3, "accepted": 1}
    assert found == {"database": project.store.database.name, "failed": 4, "named": [], "without_effect": []}


def test_a_phase_alone_is_none_and_one_that_is_not_there_is_refused(project: Project, sqlite_project: Workplace) -> None:
    assert project.store.ledger
    for flags, why in (
        (ExplainFlags(phase_id="p"), "--phase-id: identifies no phase without --run-id; name its run too, with --run-id"),
        (ExplainFlags(run_id="a", phase_id="z"), "--phase-id=z: run a has no such phase"),
        (ExplainFlags(run_id="zz", phase_id="z"), "--run-id=zz: there is no such run; `inv list-run-counts` lists the runs"),
    ):
        with pytest.raises(UsageError) as caught:
            explain(invocation_of(sqlite_project), flags)
        assert str(caught.value) == why
