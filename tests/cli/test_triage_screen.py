"""How a triage begins: what it would look at, or why there is nothing to look at."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from batchdrain.cli.screens.triage import TriageScreen
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
from batchdrain.drain.selection import backlog_for
from batchdrain.failures.fingerprints import VERSION
from batchdrain.model.phase import Phase, PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project, triage={"workers": 3}) as project:
        yield project


def backlog(project: Project, filters: Filters | None = None) -> LaneBacklog:
    found = backlog_for(project, request_for(project, filters=filters or Filters()), ResultCounts())
    assert isinstance(found, LaneBacklog)
    found.refresh(clock.now())
    return found


def phases(*names: str) -> list[Phase]:
    return [Phase(run_id="r", phase_id=name, phase_index=0, state=PhaseState.FAILED) for name in names]


def begun(project: Project, capsys: pytest.CaptureFixture[str], *names: str, dry: bool = False, as_json: bool = False) -> str:
    TriageScreen(as_json=as_json).begin(project, project.settings, phases(*names), backlog(project), dry=dry)
    return capsys.readouterr().out


def test_what_is_diagnosed_is_said_and_what_would_be_is_named(
    sqlite_project: Workplace, place: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    sqlite_project.fail("r/a", "r/b\x1b", "r/c")
    where = f"Database: {place.store.where}\n"
    assert begun(place, capsys, "a", "b\x1b") == f"Diagnosing 2 of 3 phases, 3 at a time\n{where}"
    assert begun(place, capsys, "a", "b\x1b", dry=True) == (
        f"Would diagnose 2 of 3 phases, 3 at a time\n{where}  r / a\n  r / b\\x1b\n"
    )
    assert begun(place, capsys, "a", as_json=True) == "", "its diagnoses come at the end"
    assert json.loads(begun(place, capsys, "a", as_json=True, dry=True)) == {
        "would_diagnose": [{"run_id": "r", "phase_id": "a"}]
    }


def test_where_all_that_may_be_drained_are_promising_that_is_said(
    sqlite_project: Workplace, place: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    sqlite_project.fail("r/a", reason="boom")
    assert begun(place, capsys) == (
        f"Nothing to diagnose in {place.store.where}: the one phase that may be drained is promising.\n"
    )
    sqlite_project.fail("s/b", reason="boom")
    assert begun(place, capsys).endswith(": all 2 that may be drained are promising.\n")
    assert json.loads(begun(place, capsys, as_json=True)) == {"diagnosed": [], "counts": {}}
    assert json.loads(begun(place, capsys, as_json=True, dry=True)) == {"would_diagnose": []}


def test_where_nothing_may_be_drained_the_reason_is_said(
    sqlite_project: Workplace, place: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    assert begun(place, capsys).startswith("Nothing to diagnose")
    sqlite_project.fail("r/a", reason="boom")
    key = PhaseKey("r", "a")
    until = clock.now() + timedelta(days=1)
    said = Verdict(
        key=key, kind=VerdictKind.HOPELESS, reason="no", until=until, fingerprint="boom", attempts=0, version=VERSION
    )
    Notes(place.store.database, place.store.ledger).write(NoteKind.VERDICT, {key.digest: said.to_note})
    told = begun(place, capsys)
    assert (told.startswith("Nothing to diagnose"), "1 by triage: hopeless: no" in told, "Nothing to drain" in told) == (
        True, True, False,
    ), told  # fmt: skip


@pytest.mark.parametrize("as_json", [False, True])
def test_filters_that_change_nothing_are_told_beside_json_on_the_other_stream(
    sqlite_project: Workplace, place: Project, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    sqlite_project.fail("r/a", reason="boom")
    filters = Filters.of(run_id="x*\x1b")
    TriageScreen(as_json=as_json).tell_idle(place, filters, backlog(place, filters))
    out, err = capsys.readouterr()
    told = "  ! --run-id=x*\\x1b: no run matches it; `inv list-run-counts` lists the runs\n"
    assert (out, err) == (("", told) if as_json else (told, ""))
