"""Reopens phases that a quarantine or a diagnosis leaves out. The user's table is only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from batchdrain.config.categories import categoriser_of
from batchdrain.database.ledger.notes import Note, NoteKind, Notes, new_note
from batchdrain.database.ledger.reopening import NotReopened, ReopenTransaction
from batchdrain.database.storage import require_transactions
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.project import Project
from batchdrain.model.failure import Failure
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import Selection
from batchdrain.planning.reopenable import Reopenable, find_reopenable
from batchdrain.planning.verdicts import Verdict
from batchdrain.runtime import clock

HELD = "a controller holds it: reopen it once its end is recorded (if the controller is dead, run `inv recover`)"
CHANGED = "somebody claimed it or changed its notes at this moment; `inv explain` shows it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened:
    """A phase, and the result of reopening it."""

    phase: Reopenable
    problem: str = ""  #: why it stays as before; '' if it was reopened
    of_every_table: bool = False  #: whether the lifted verdict holds for every table of the ledger


def find_left_out(
    project: Project, is_meant: Callable[[PhaseKey, Failure], bool], run_id: str | None = None
) -> Iterator[Reopenable]:
    """The failed phases that are left out, then the queued ones: a quarantine concerns both. `run_id`: see `find_reopenable`.
    Raises DatabaseUnavailable, ConfigError."""
    recovery = foresee_recovery(project)
    for state in (PhaseState.FAILED, PhaseState.QUEUED):
        selection = Selection(
            store=project.store, settings=project.settings, filters=Filters(), state=state, given_back=recovery
        )
        yield from find_reopenable(selection.reading(), categoriser_of(project.settings), is_meant, run_id)


def reopen_all(project: Project, phases: Sequence[Reopenable], reason: str, *, dry: bool) -> Iterator[Reopened]:
    """Reopen phases one after the other, each in its own transaction, so a crash leaves each phase either as it was or reopened.
    `dry`: nothing is written. Raises DatabaseUnavailable, ConfigError."""
    store = project.store
    if not dry:
        require_transactions(store.database, store.ledger.tables)
    held = {one.digest for one in store.history.read_held()}
    notes = Notes(store.database, store.ledger)
    verdicts = {note.subject: note for note in notes.read(NoteKind.VERDICT)}
    shared = {note.subject for note in notes.read_shared(NoteKind.VERDICT)}
    for one in phases:
        if one.key.digest in held:
            yield Reopened(phase=one, problem=HELD)
            continue
        verdict = verdicts.get(one.key.digest)
        if one.verdict is not None and (verdict is None or Verdict.of(verdict) != one.verdict):
            yield Reopened(phase=one, problem=CHANGED)
            continue
        is_done = dry or _reopen(project, one, None if one.verdict is None else verdict, reason)
        of_every_table = one.verdict is not None and one.key.digest in shared
        yield Reopened(phase=one, problem="" if is_done else CHANGED, of_every_table=of_every_table)


def _reopen(project: Project, one: Reopenable, verdict: Note | None, reason: str) -> bool:
    ledger, note = project.store.ledger, _note_of(project, one, reason)
    transaction = ReopenTransaction(ledger=ledger, key=one.key, orphanings=one.orphanings, verdict=verdict, note=note)
    try:
        project.store.database.write(transaction)
    except NotReopened:
        return False
    return True


def _note_of(project: Project, one: Reopenable, reason: str) -> Note:
    """The note of one reopening. Each has its own subject, so that none replaces an earlier one."""
    reason = project.store.redact(reason)
    content = {"run_id": one.key.run_id, "phase_id": one.key.phase_id, "reason": reason, "lifted": one.lifted}
    return new_note(project.store.ledger.source, f"{one.key.digest}/{clock.to_iso(clock.now())}", content)
