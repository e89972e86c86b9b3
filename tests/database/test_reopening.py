"""A phase is reopened whole or not at all, whatever breaks in the middle, and by nobody who looked at what is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.database.ledger.notes import Note, NoteKind, Notes, new_note
from batchdrain.database.ledger.reopening import NotReopened, ReopenTransaction
from batchdrain.model.phase import PhaseKey
from tests.database.bench import Bench, taken
from tests.support.two_tables import age_notes

KEY = PhaseKey("r", "p")
REOPENED, VERDICT = "reopened", "verdict"


class Broken(Exception):
    """The connection, or the process, is gone."""


@contextmanager
def broken_at(engine: sa.Engine, number: int) -> Iterator[list[str]]:
    """The statement of this number is never executed."""
    seen: list[str] = []

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.split(maxsplit=1)[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}:
            seen.append(statement)
            if len(seen) == number:
                raise Broken

    sa.event.listen(engine, "before_cursor_execute", count)
    try:
        yield seen
    finally:
        sa.event.remove(engine, "before_cursor_execute", count)


def left_out(bench: Bench) -> ReopenTransaction:
    """A phase that is quarantined and hopeless, and what reopens it."""
    bench.work.fail("r/p")
    claims = bench.controller()
    claim = taken(bench.claim(claims, "r/p", lease_s=-1))
    bench.work.sql("UPDATE batchdrain_claim SET orphan_count = 3, owner = NULL WHERE epoch = :e", [{"e": claim.epoch}])
    notes = Notes(bench.database, bench.ledger)
    notes.write(NoteKind.VERDICT, {KEY.digest: {"verdict": "hopeless"}})
    [verdict] = notes.read(NoteKind.VERDICT)
    note = new_note("phases", f"{KEY.digest}/now", {"reason": "mended"})
    return ReopenTransaction(ledger=bench.ledger, key=KEY, orphanings=3, verdict=verdict, note=note)


def stands(bench: Bench) -> tuple[object, int, int]:
    """The count of its claim, its verdicts, and what tells of a reopening."""
    notes = Notes(bench.database, bench.ledger)
    [(count,)] = bench.rows("orphan_count", "batchdrain_claim")
    return count, len(notes.read(NoteKind.VERDICT)), len(notes.read(NoteKind.REOPENED))


@pytest.mark.everyday("sqlite", "postgresql", "mariadb")
def test_what_breaks_in_the_middle_leaves_all_as_it_was_and_the_next_try_does_it_once(bench: Bench) -> None:
    transaction, number = left_out(bench), 0
    while True:
        number += 1
        with broken_at(bench.database.engine, number) as seen:
            try:
                bench.database.write(transaction)
                break
            except Broken:
                assert stands(bench) == (3, 1, 0), seen
    assert number > 5, "each of its statements was tried"
    assert stands(bench) == (0, 0, 1)
    bench.database.write(transaction)  # the reply to the commit was lost
    assert stands(bench) == (0, 0, 1)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE batchdrain_claim SET owner = 'b', epoch = epoch + 1",
        "UPDATE batchdrain_claim SET orphan_count = 4",
        "UPDATE batchdrain_claim SET orphan_count = 0",
        "DELETE FROM batchdrain_meta WHERE name LIKE 'verdict/%'",
    ],
    ids=["claimed", "orphaned again", "its attempt ended", "the verdict was taken back"],
)
def test_who_looked_at_what_is_over_reopens_nothing(bench: Bench, change: str) -> None:
    transaction = left_out(bench)
    bench.work.sql(change)
    before = stands(bench)
    with pytest.raises(NotReopened):
        bench.database.write(transaction)
    assert stands(bench) == before


def test_a_verdict_that_was_said_anew_is_not_lifted_with_the_old_one(bench: Bench) -> None:
    transaction = left_out(bench)
    notes = Notes(bench.database, bench.ledger)
    notes.write(NoteKind.VERDICT, {KEY.digest: {"verdict": "hopeless", "reason": "again"}})
    with pytest.raises(NotReopened):
        bench.database.write(transaction)
    assert stands(bench) == (3, 1, 0)


def test_a_later_reopening_keeps_the_note_of_the_earlier_one(bench: Bench) -> None:
    first = left_out(bench)
    bench.database.write(first)
    bench.work.sql("UPDATE batchdrain_claim SET orphan_count = 3")
    later: Note = replace(first.note, subject=f"{KEY.digest}/later")
    bench.database.write(replace(first, verdict=None, note=later))
    assert stands(bench) == (0, 0, 2)


def test_a_former_verdict_does_not_hold_again_once_the_own_one_that_hid_it_is_lifted(bench: Bench) -> None:
    transaction, notes = left_out(bench), Notes(bench.database, bench.ledger)
    age_notes(bench.work)
    notes.write(NoteKind.VERDICT, {KEY.digest: {"verdict": "hopeless", "reason": "again"}})
    [own] = notes.read(NoteKind.VERDICT)
    bench.database.write(replace(transaction, verdict=own))
    assert stands(bench) == (0, 0, 1)


def test_a_former_verdict_is_lifted_unless_the_table_has_one_of_its_own_by_now(bench: Bench) -> None:
    transaction, notes = left_out(bench), Notes(bench.database, bench.ledger)
    age_notes(bench.work)
    [former] = notes.read(NoteKind.VERDICT)
    transaction = replace(transaction, verdict=former)
    notes.write(NoteKind.VERDICT, {KEY.digest: {"verdict": "hopeless", "reason": "again"}})
    with pytest.raises(NotReopened):
        bench.database.write(transaction)
    assert (stands(bench), len(notes.read_shared(NoteKind.VERDICT))) == ((3, 1, 0), 1)
    bench.work.sql("DELETE FROM batchdrain_meta WHERE value LIKE '%again%'")
    bench.database.write(transaction)
    assert stands(bench) == (0, 0, 1)


def test_a_phase_that_a_diagnosis_leaves_out_and_nobody_ever_claimed_is_reopened(bench: Bench) -> None:
    notes, other = Notes(bench.database, bench.ledger), PhaseKey("r", "q")
    notes.write(NoteKind.VERDICT, {key.digest: {"verdict": "hopeless"} for key in (KEY, other)})
    [verdict] = [note for note in notes.read(NoteKind.VERDICT) if note.subject == KEY.digest]
    note = new_note("phases", f"{KEY.digest}/now", {"reason": "mended"})
    bench.database.write(ReopenTransaction(ledger=bench.ledger, key=KEY, orphanings=0, verdict=verdict, note=note))
    assert [left.subject for left in notes.read(NoteKind.VERDICT)] == [other.digest]
    assert [kept.content for kept in notes.read(NoteKind.REOPENED)] == [{"reason": "mended"}]
