"""What people and diagnoses said is read from the ledger as it holds now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from batchdrain.database.ledger.history import Past
from batchdrain.database.ledger.notes import NoteKind, Notes
from batchdrain.database.phases.pages import Page, Row
from batchdrain.drain.project import Project
from batchdrain.failures.fingerprints import VERSION
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.acceptances import Acceptance, Subject, acceptances
from batchdrain.planning.disposition import DispositionKind
from batchdrain.planning.disposition_counts import NAMED, DispositionCounts, count_dispositions
from batchdrain.planning.verdicts import Verdict, VerdictKind, read_verdicts
from batchdrain.runtime import clock
from tests.support.opened import opened
from tests.support.workplace import Workplace


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project) as project:
        yield project


def test_acceptances_that_are_over_are_not_read(place: Project) -> None:
    assert acceptances(place.store) is None
    notes = Notes(place.store.database, place.store.ledger)
    for run_id, days in (("r", 1), ("s", -1)):
        one = Acceptance(subject=Subject(run_id=run_id), reason="known", until=clock.now() + timedelta(days=days))
        notes.write(NoteKind.ACCEPTED, {one.subject.name: one.to_note})
    found = acceptances(place.store)
    assert found is not None
    assert [found.run(run_id) is not None for run_id in ("r", "s", "t")] == [True, False, False]


def test_verdicts_are_read_that_are_not_over_and_whose_phases_were_not_tried_since(place: Project) -> None:
    keys = [PhaseKey("r", name) for name in "abc"]
    assert read_verdicts(place.store, {}) == {}
    notes = Notes(place.store.database, place.store.ledger)
    for key, hours in zip(keys, (1, 1, -1), strict=True):
        until = clock.now() + timedelta(hours=hours)
        said = Verdict(key=key, kind=VerdictKind.WAIT, reason="so", until=until, fingerprint="x", attempts=1, version=VERSION)
        notes.write(NoteKind.VERDICT, {key.digest: said.to_note})
    found = read_verdicts(place.store, {key.digest: attempts for key, attempts in zip(keys, (1, 2, 1), strict=True)})
    assert list(found) == [keys[0]]


def test_of_each_kind_the_first_ten_phases_are_named_and_all_are_counted() -> None:
    found, skip = DispositionCounts(), Skip("accepted", "known")
    for number in range(NAMED + 2):
        found.add(("r", str(number)), skip, 0)
    found.add(("r", "open"), None, 0)
    assert [key.phase_id for key in found.named[DispositionKind.ACCEPTED]] == [str(number) for number in range(10)]
    assert (found.counts[DispositionKind.ACCEPTED], found.skips[DispositionKind.ACCEPTED][skip]) == (12, 12)
    assert (found.counts[DispositionKind.OPEN], found.named[DispositionKind.OPEN]) == (1, [])


def test_a_phase_that_may_be_drained_is_open_or_retried_by_the_attempts_that_the_ledger_has() -> None:
    ids = [("r", "tried"), ("r", "known"), ("r", "unknown"), ("s", "summed"), ("s", "not"), ("r", "left"), ("r", "asked")]
    tried = {PhaseKey(*name).digest: 2 for name in ids if name[1] in {"tried", "unknown", "summed"}}
    past = Past(names=frozenset(ids[:2]), summed_runs=frozenset({"s"}), attempts=tried)
    skips = [None, None, None, None, None, Skip("accepted", "x"), Skip("--run-id", "not x")]
    rows = [Row(run_id=run_id, phase_id=phase_id, phase_index=0, reason=None) for run_id, phase_id in ids]
    found = count_dispositions(iter([(Page.of(rows), skips)]), past)
    assert found.counts == {DispositionKind.RETRIED: 2, DispositionKind.OPEN: 3, DispositionKind.ACCEPTED: 1}
