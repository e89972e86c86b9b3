"""One phase: what came of it so far, and what a drain would do with it now. Judged as the dry run judges it. Reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batchdrain.config.categories import categoriser_of
from batchdrain.database.ledger.notes import Note, NoteKind, Notes
from batchdrain.database.ledger.phase_history import PhaseHistory, read_phase_history
from batchdrain.drain.dry_plan import DryPlan, make_dry_plan
from batchdrain.drain.foreseen_recovery import foresee_recovery
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.phase import GONE, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.disposition import Disposition, disposition
from batchdrain.planning.filters import Filters
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Planned
from batchdrain.planning.skip_rules import DEPENDS_ON
from batchdrain.sessions.session import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDrain:
    """What the next drain would do with a phase."""

    kind: Kind  #: of the drain that is looked at: of failed phases, or of the queued ones of its run
    plan: DryPlan
    planned: Planned | None = None  #: it would be taken
    place: int = 0  #: as which, from 1 on
    skip: Skip | None = None  #: what leaves it out; None beside no `planned`: the batch is full

    @property
    def only_results_tell(self) -> Sequence[str]:
        """Stop conditions that may end the drain before it comes to the phase."""
        return self.plan.made.may_end_by if self.place > 1 else ()

    @property
    def may_follow(self) -> bool:
        """Whether it is left out until a run is complete that the drain may complete."""
        return self.skip is not None and self.skip.rule == DEPENDS_ON and self.plan.made.may_follow > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What is known of one phase."""

    key: PhaseKey
    state_word: str  #: that stands for its state in the table; GONE where no row has its ids
    state: PhaseState | None  #: None where the word is mapped to none
    failure: Failure  #: of the text that stands there
    history: PhaseHistory
    disposition: Disposition | None  #: None for what has not failed
    next_drain: NextDrain | None  #: None for what is neither failed nor queued
    recovery: GivenBack | None  #: what recovery would do with it first; it is judged as it would stand then
    reopenings: Sequence[Note]  #: of it, the earliest first


def explain_phase(project: Project, key: PhaseKey) -> Explanation:
    """Raises ConfigError, DatabaseUnavailable."""
    store = project.store
    history = read_phase_history(store, key)
    with store.database.read() as connection:
        now = store.table.read_row_state(connection, key)
    state_word = GONE if now is None else now.state
    state = _state_of(project, state_word)
    next_drain, recovery = _look_ahead(project, key, state)
    judged = state if recovery is None else recovery.state
    skip = None if next_drain is None else next_drain.skip
    return Explanation(
        key=key,
        state_word=state_word,
        state=state,
        failure=NO_REASON if now is None else Failure.of(now.reason, categoriser_of(project.settings), store.redact),
        history=history,
        disposition=disposition(judged, skip, history.counted, was_completed=history.was_completed),
        next_drain=next_drain,
        recovery=recovery,
        reopenings=read_reopenings(project, key),
    )


def read_reopenings(project: Project, key: PhaseKey) -> list[Note]:
    """What people lifted of a phase, the earliest first."""
    ids = (key.run_id, key.phase_id)
    notes = Notes(project.store.database, project.store.ledger).read(NoteKind.REOPENED)
    found = [note for note in notes if (note.content.get("run_id"), note.content.get("phase_id")) == ids]
    return sorted(found, key=lambda note: note.at)


def _state_of(project: Project, state_word: str) -> PhaseState | None:
    return next((state for state, words in project.store.table.states.items() if state_word in words), None)


def _look_ahead(project: Project, key: PhaseKey, state: PhaseState | None) -> tuple[NextDrain | None, GivenBack | None]:
    """What the dry run says of it, of the kind of drain that takes phases as it stands, or as recovery would leave it."""
    recovery = next((back for back in foresee_recovery(project) if back.key == key), None)
    then = state if recovery is None else recovery.state
    if then not in {PhaseState.FAILED, PhaseState.QUEUED}:
        return None, recovery
    kind = Kind.QUEUED if then is PhaseState.QUEUED else Kind.FAILED
    plan = make_dry_plan(project, _request_of(project, key, kind), None)
    for place, planned in enumerate(plan.made.all, start=1):
        if planned.choice.phase.key == key:
            return NextDrain(kind=kind, plan=plan, planned=planned, place=place), recovery
    return NextDrain(kind=kind, plan=plan, skip=_find_skip(plan, key)), recovery


def _request_of(project: Project, key: PhaseKey, kind: Kind) -> DrainRequest:
    """As `inv drain` and `inv drain-queued --run-id=…` ask, with no other flag."""
    if kind is Kind.FAILED:
        return DrainRequest(kind=kind, filters=Filters(), settings=project.settings)
    settings = project.settings.model_copy(update={"policy": ["run-order"]})
    return DrainRequest(kind=kind, filters=Filters.of(run_id=key.run_id, run_id_is_glob=False), settings=settings)


def _find_skip(plan: DryPlan, key: PhaseKey) -> Skip | None:
    for page, skips in plan.backlog().why_not(key.run_id):
        for ids, skip in zip(page.ids, skips, strict=True):
            if ids == (key.run_id, key.phase_id):
                return skip
    return None
