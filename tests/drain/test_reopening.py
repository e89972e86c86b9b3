"""Phases are reopened one by one, each as it was read; what somebody holds or said anew of one meanwhile stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from batchdrain.database.ledger.notes import Note, NoteKind, Notes, to_row
from batchdrain.drain.project import Project
from batchdrain.drain.reopening import CHANGED, HELD, find_left_out, reopen_all
from batchdrain.execution.process_identity import identify_self
from batchdrain.failures.fingerprints import VERSION, fingerprint
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.reopenable import Reopenable
from batchdrain.planning.verdicts import Verdict, VerdictKind
from batchdrain.runtime import clock
from tests.support.opened import hold, opened
from tests.support.workplace import Workplace, named

BOOM = "Boom"
HOPELESS, PROMISING = VerdictKind.HOPELESS, VerdictKind.PROMISING


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[tuple[Workplace, Project]]:
    with opened(sqlite_project) as project:
        yield sqlite_project, project


def key(name: str) -> PhaseKey:
    return PhaseKey(*named(name))


def verdict(name: str, kind: VerdictKind = HOPELESS, reason: str = "so") -> Verdict:
    return Verdict(key=key(name), kind=kind, reason=reason, until=clock.now() + timedelta(days=1), fingerprint=fingerprint(BOOM), attempts=0,
                   version=VERSION, example=BOOM)  # fmt: skip


def diagnose(project: Project, *verdicts: Verdict) -> None:
    notes = {one.key.digest: one.to_note for one in verdicts}
    Notes(project.store.database, project.store.ledger).write(NoteKind.VERDICT, notes)


def quarantine(work: Workplace, project: Project, name: str, times: int = 3) -> None:
    """As dead controllers leave it."""
    [(state,)] = work.sql("SELECT state FROM phases WHERE phase_id = :p", [{"p": named(name)[1]}])
    hold(project, name, state=PhaseState(state.lower()))
    work.sql("UPDATE phases SET state = :s WHERE phase_id = :p", [{"s": state, "p": named(name)[1]}])
    work.sql(
        "UPDATE batchdrain_claim SET owner = NULL, orphan_count = :n, attempts = 0 WHERE key = :k",
        [{"n": times, "k": key(name).digest}],
    )


def left_out(project: Project, *names: str, run_id: str | None = None) -> list[Reopenable]:
    keys = {key(name) for name in names}
    return list(find_left_out(project, lambda one, _: not keys or one in keys, run_id))


def reopened(project: Project, phases: list[Reopenable], *, dry: bool = False) -> list[tuple[str, str, bool]]:
    found = reopen_all(project, phases, "more memory", dry=dry)
    return [(str(one.phase.key), one.problem, one.of_every_table) for one in found]


def notes_of(project: Project, kind: NoteKind = NoteKind.REOPENED) -> list[Note]:
    return Notes(project.store.database, project.store.ledger).read(kind)


def test_failed_phases_that_are_left_out_come_before_queued_ones_and_a_promising_one_is_not_left_out(
    place: tuple[Workplace, Project],
) -> None:
    work, project = place
    work.add(("a", "queued", 0, "QUEUED", BOOM))
    work.fail("a/p", "a/q", "b/r", "b/good", "b/twice", reason=BOOM)
    for name, times in (("a/queued", 3), ("b/r", 4), ("b/twice", 2)):
        quarantine(work, project, name, times)
    diagnose(project, verdict("a/p"), verdict("a/q", VerdictKind.WAIT), verdict("b/good", PROMISING))
    found = left_out(project)
    assert [(str(one.key), one.orphanings, one.verdict and one.verdict.kind) for one in found] == [
        ("a / p", 0, HOPELESS), ("a / q", 0, VerdictKind.WAIT), ("b / r", 4, None), ("a / queued", 3, None),
    ]  # fmt: skip
    assert [str(one.key) for one in left_out(project, run_id="b")] == ["b / r"]
    assert [str(one.key) for one in left_out(project, "a/q", "b/good")] == ["a / q"]


def test_a_phase_that_a_dead_one_holds_is_found_as_recovery_will_leave_it(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p", reason=BOOM)
    hold(project, "a/p")
    work.sql("UPDATE batchdrain_claim SET orphan_count = 2")
    [found] = left_out(project)
    assert (str(found.key), found.orphanings) == ("a / p", 3)


def test_each_is_reopened_with_a_note_of_its_own_without_secrets(
    place: tuple[Workplace, Project], monkeypatch: pytest.MonkeyPatch
) -> None:
    work, _ = place
    monkeypatch.setenv("WORKER_TOKEN", "s3cret-of-the-worker")
    work.fail("a/p", "a/q", reason=BOOM)
    with opened(work) as project:
        quarantine(work, project, "a/p")
        diagnose(project, verdict("a/q"))
        phases = left_out(project)
        assert [one.problem for one in reopen_all(project, phases, "no s3cret-of-the-worker", dry=False)] == ["", ""]
        assert left_out(project) == []
        notes = {note.content["phase_id"]: note for note in notes_of(project)}
        assert {name: (note.content["run_id"], note.content["reason"], note.content["lifted"]) for name, note in notes.items()} == {
            "p": ("a", "no ***", ["quarantined: orphaned 3 times in a row"]), "q": ("a", "no ***", ["hopeless: so"]),
        }  # fmt: skip
        assert all(note.subject.startswith(f"{key(f'a/{name}').digest}/2") for name, note in notes.items())
        diagnose(project, verdict("a/q", reason="again"))
        assert reopened(project, left_out(project)) == [("a / q", "", False)]
        assert len(notes_of(project)) == 3, "none replaces an earlier one"
        assert (notes_of(project, NoteKind.VERDICT), work.states()) == ([], {"a/p": "FAILED", "a/q": "FAILED"})


def test_a_dry_run_says_the_same_and_writes_nothing(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p", "a/q", reason=BOOM)
    quarantine(work, project, "a/p")
    diagnose(project, verdict("a/q"))
    phases = left_out(project)
    before = work.sql("SELECT * FROM batchdrain_claim"), work.sql("SELECT * FROM batchdrain_meta")
    assert reopened(project, phases, dry=True) == [("a / p", "", False), ("a / q", "", False)]
    assert (work.sql("SELECT * FROM batchdrain_claim"), work.sql("SELECT * FROM batchdrain_meta")) == before


def claim(work: Workplace, project: Project) -> None:
    hold(project, "a/p", by=identify_self(), guard=identify_self())


def count_once_more(work: Workplace, project: Project) -> None:
    work.sql("UPDATE batchdrain_claim SET orphan_count = orphan_count + 1")


@pytest.mark.parametrize(("meanwhile", "problem"), [(claim, HELD), (count_once_more, CHANGED)])
def test_what_somebody_holds_or_counts_meanwhile_stays_in_quarantine(
    place: tuple[Workplace, Project], meanwhile: Any, problem: str
) -> None:
    work, project = place
    work.fail("a/p", "a/q", reason=BOOM)
    quarantine(work, project, "a/p")
    diagnose(project, verdict("a/q"))
    phases = left_out(project)
    meanwhile(work, project)
    before = work.sql("SELECT * FROM batchdrain_claim")
    assert reopened(project, phases) == [("a / p", problem, False), ("a / q", "", False)], (
        "the next one is reopened all the same"
    )
    assert work.sql("SELECT * FROM batchdrain_claim") == before


def test_a_diagnosis_that_somebody_took_back_or_made_anew_meanwhile_is_not_lifted(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p", "a/q", "a/r", reason=BOOM)
    diagnose(project, *(verdict(f"a/{name}") for name in "pqr"))
    phases = left_out(project)
    notes = Notes(project.store.database, project.store.ledger)
    notes.take_back(NoteKind.VERDICT, key("a/p").digest)
    diagnose(project, verdict("a/q", reason="another"))
    assert reopened(project, phases) == [("a / p", CHANGED, False), ("a / q", CHANGED, False), ("a / r", "", False)]
    assert [note.content["reason"] for note in notes_of(project, NoteKind.VERDICT)] == ["another"]


def test_a_verdict_that_holds_for_every_table_is_told_as_that(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p", "a/q", reason=BOOM)
    diagnose(project, verdict("a/p"), verdict("a/q"))
    quarantine(work, project, "a/q")
    share(work, project, "a/p", "a/q")
    found = left_out(project)
    assert reopened(project, found, dry=True) == reopened(project, found) == [("a / p", "", True), ("a / q", "", True)]
    assert notes_of(project, NoteKind.VERDICT) == []


def test_a_quarantine_alone_is_of_this_table_whatever_a_promising_verdict_is_of(place: tuple[Workplace, Project]) -> None:
    work, project = place
    work.fail("a/p", reason=BOOM)
    diagnose(project, verdict("a/p", PROMISING))
    share(work, project, "a/p")
    quarantine(work, project, "a/p")
    assert reopened(project, left_out(project)) == [("a / p", "", False)]
    assert len(notes_of(project, NoteKind.VERDICT)) == 1, "a promising one stays"


def share(work: Workplace, project: Project, *names: str) -> None:
    """As an earlier version wrote them, which did not know tables."""
    notes = {note.subject: note for note in notes_of(project, NoteKind.VERDICT)}
    for name in names:
        note = notes[key(name).digest]
        own = to_row(NoteKind.VERDICT, note)
        shared = to_row(
            NoteKind.VERDICT, Note(subject=note.subject, by=note.by, at=note.at, content=note.content, source=None)
        )
        work.sql(
            "UPDATE batchdrain_meta SET name = :n, value = :v WHERE name = :o",
            [{"n": shared["name"], "v": shared["value"], "o": own["name"]}],
        )
