"""Explains one phase: what has happened to it so far, and what a drain would do with it now, judged as the dry run judges it. Reads
only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.config.categories import categoriser_of
from batchdrain.database.ledger.notes import Note, NoteKind, Notes
from batchdrain.database.ledger.phase_history import PhaseHistory, read_phase_history
from batchdrain.drain.preview.next_drain import NextDrain, look_ahead
from batchdrain.drain.project import Project
from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.phase import GONE, PhaseKey
from batchdrain.model.states import PhaseState
from batchdrain.planning.disposition import Disposition, disposition
from batchdrain.planning.given_back import GivenBack


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known of one phase."""

    key: PhaseKey
    state_word: str  #: the word for its state in the table; GONE if no row has its ids
    state: PhaseState | None  #: None if the word is mapped to no state
    phase_index: int | None  #: its place in its run; None if no such column is mapped, or if the row has none
    is_there: bool  #: whether a row has its ids: GONE may also be a real word for a state
    failure: Failure  #: made of the reason in the table
    history: PhaseHistory
    disposition: Disposition | None  #: None if the phase has not failed
    next_drain: NextDrain | None  #: None if the phase is neither failed nor queued
    recovery: GivenBack | None  #: what recovery would do with it first; the phase is judged as it would be after that
    reopenings: Sequence[Note]  #: the reopenings of the phase, the earliest first


def explain_phase(project: Project, key: PhaseKey) -> Explanation:
    """Explain a phase. Raises ConfigError, DatabaseUnavailable."""
    store = project.store
    history = read_phase_history(store, key)
    with store.database.read() as connection:
        now = store.table.read_row_state(connection, key)
        phase_index = store.table.read_phase_index(connection, key)
    state_word = GONE if now is None else now.state
    state = None if now is None else _state_of(project, state_word)
    next_drain, recovery = look_ahead(project, key, state)
    judged = state if recovery is None else recovery.state
    skip = None if next_drain is None else next_drain.skip
    return Explanation(
        key=key,
        state_word=state_word,
        state=state,
        phase_index=phase_index,
        is_there=now is not None,
        failure=NO_REASON if now is None else Failure.of(now.reason, categoriser_of(project.settings), store.redact),
        history=history,
        disposition=disposition(
            judged, skip, history.counted, was_completed=history.was_completed, uncounted=history.uncounted
        ),
        next_drain=next_drain,
        recovery=recovery,
        reopenings=read_reopenings(project, key),
    )


def read_reopenings(project: Project, key: PhaseKey) -> list[Note]:
    """The notes with which people reopened a phase, the earliest first. Raises DatabaseUnavailable."""
    ids = (key.run_id, key.phase_id)
    notes = Notes(project.store.database, project.store.ledger).read(NoteKind.REOPENED)
    found = [note for note in notes if (note.content.get("run_id"), note.content.get("phase_id")) == ids]
    return sorted(found, key=lambda note: note.at)


def _state_of(project: Project, state_word: str) -> PhaseState | None:
    return next((state for state, words in project.store.table.states.items() if state_word in words), None)
