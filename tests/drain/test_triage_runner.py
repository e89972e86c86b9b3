"""Each phase is diagnosed once, as it stands, and not after the end; verdicts whose time is over are taken back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from batchdrain.config.load import load
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.drain.project import Project
from batchdrain.drain.triage import runner
from batchdrain.drain.triage.runner import Triage
from batchdrain.execution.guardian_client import NotEndedError
from batchdrain.execution.order import Ending, Order
from batchdrain.model.errors import ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning.verdicts import Verdict, VerdictKind, read_verdicts
from batchdrain.runtime import clock
from tests.drain.judging import ending
from tests.support.two_tables import age_notes
from tests.support.workplace import DEADLINE_S, Workplace

PHASE = Phase(run_id="a", phase_id="1", phase_index=0, state=PhaseState.FAILED, failure=Failure("it broke", "other"))


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Order]:
    """What was to be executed; nothing is."""
    given: list[Order] = []

    def execute(order: Order) -> Ending:
        given.append(order)
        return ending(exit_code=0)

    monkeypatch.setattr(runner, "execute", execute)
    return given


@pytest.fixture
def project(sqlite_project: Workplace) -> Project:
    sqlite_project.fail("a/1", reason="it broke anew")
    settings = load({"database_url": sqlite_project.url, "triage": {"argv": ["true"]}}, {})
    project = Project.open(settings, {}, sqlite_project.root)
    project.store.ledger.create(project.store.database)
    return project


@pytest.fixture
def triage(project: Project, sqlite_project: Workplace) -> Iterator[Triage]:
    with closing(Triage(project, project.settings, sqlite_project.root / "triage", "triage")) as opened:
        yield opened


def verdicts(project: Project) -> dict[str, str]:
    notes = Notes(project.store.database, project.store.ledger).read(NoteKind.VERDICT)
    return {str(note.content["phase_id"]): str(note.content["verdict"]) for note in notes}


def test_a_phase_is_diagnosed_once_by_the_reason_that_stands_in_its_row_and_its_verdict_is_kept(
    triage: Triage, project: Project, orders: list[Order]
) -> None:
    asked = triage.ask(PHASE)
    assert asked is not None
    found = asked.result(DEADLINE_S)
    assert found.verdict is not None
    assert triage.ask(PHASE) is None
    assert [order.env["BATCHDRAIN_FAILURE_REASON"] for order in orders] == ["it broke anew"]
    assert (found.verdict.example, verdicts(project)) == ("it broke anew", {"1": "promising"})


@pytest.mark.parametrize("state", ["COMPLETE", "EXECUTING"])
def test_a_phase_that_is_in_another_state_by_now_is_not_diagnosed(
    triage: Triage, project: Project, sqlite_project: Workplace, orders: list[Order], state: str
) -> None:
    sqlite_project.sql(f"UPDATE phases SET state = '{state}'")
    asked = triage.ask(PHASE)
    assert asked is not None
    found = asked.result(DEADLINE_S)
    assert (found.verdict, found.problem, orders, verdicts(project)) == (None, f"it is {state} now", [], {})


def test_a_diagnosis_that_can_not_be_ended_is_told_of_its_phase_and_the_others_go_on(
    triage: Triage, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(_: Order) -> Ending:
        raise NotEndedError("what the command left behind can't be killed")

    monkeypatch.setattr(runner, "execute", execute)
    asked = triage.ask(PHASE)
    assert asked is not None
    found = asked.result(DEADLINE_S)
    assert (found.verdict, found.failure, verdicts(project)) == (None, None, {})
    assert found.problem == "its command can't be ended: what the command left behind can't be killed"


def test_what_would_begin_after_the_end_does_not(triage: Triage, orders: list[Order]) -> None:
    triage.interrupt()
    asked = triage.ask(PHASE)
    assert asked is not None
    assert (asked.result(DEADLINE_S).was_ended, orders) == (True, [])


def test_a_verdict_that_the_ledger_does_not_take_is_a_problem_and_none(
    triage: Triage, orders: list[Order], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise DatabaseUnavailable("no room")

    monkeypatch.setattr(Notes, "write", refuse)
    asked = triage.ask(PHASE)
    assert asked is not None
    found = asked.result(DEADLINE_S)
    assert (len(orders), found.verdict, found.problem) == (1, None, "no room")
    assert isinstance(found.failure, DatabaseUnavailable), "who diagnoses by itself ends with its exit code"


def test_a_ledger_with_a_trigger_that_refuses_verdicts_ends_its_diagnosis_with_a_cure(
    triage: Triage, sqlite_project: Workplace, orders: list[Order]
) -> None:
    sqlite_project.sql("CREATE TRIGGER t BEFORE INSERT ON batchdrain_meta BEGIN SELECT RAISE(ABORT, 'not here'); END")
    asked = triage.ask(PHASE)
    assert asked is not None
    found = asked.result(DEADLINE_S)
    assert (len(orders), found.verdict, isinstance(found.failure, ConfigError)) == (1, None, True)
    assert "refuses what batchdrain writes into its own tables: not here; remove the trigger" in found.problem


def test_only_verdicts_whose_time_is_over_are_taken_back(triage: Triage, project: Project) -> None:
    now = clock.now()
    verdict = Verdict(key=PHASE.key, kind=VerdictKind.WAIT, reason="", until=now, fingerprint="", attempts=0)
    notes = Notes(project.store.database, project.store.ledger)
    for name, after in (("over", -1), ("holds", 600)):
        one = replace(verdict, key=replace(PHASE, phase_id=name).key, until=now + timedelta(seconds=after))
        notes.write(NoteKind.VERDICT, {one.key.digest: one.to_note})
    triage.tidy()
    assert verdicts(project) == {"holds": "wait"}


@pytest.mark.parametrize(("former_s", "left"), [(-1, 0), (600, 2)], ids=["is over too", "would hold again"])
def test_a_verdict_that_is_over_stays_while_it_hides_a_former_one(
    triage: Triage, project: Project, sqlite_project: Workplace, former_s: float, left: int
) -> None:
    now = clock.now()
    verdict = Verdict(key=PHASE.key, kind=VerdictKind.HOPELESS, reason="", until=now, fingerprint="", attempts=0)
    notes = Notes(project.store.database, project.store.ledger)
    former = replace(verdict, until=now + timedelta(seconds=former_s))
    notes.write(NoteKind.VERDICT, {verdict.key.digest: former.to_note})
    age_notes(sqlite_project)
    notes.write(NoteKind.VERDICT, {verdict.key.digest: verdict.to_note})
    triage.tidy()
    assert read_verdicts(project.store, {}) == {}
    assert sqlite_project.sql("SELECT count(*) FROM batchdrain_meta WHERE name LIKE 'verdict/%'") == [(left,)]


def test_a_folder_that_can_not_be_made_is_told_with_its_place(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FilesUnavailable, match="file/triage: "):
        Triage(project, project.settings, tmp_path / "file" / "triage", "x")
