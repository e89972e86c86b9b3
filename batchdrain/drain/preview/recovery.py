"""Finds out what recovery would do before a drain, without doing it. The dry run needs this, as it writes and ends nothing."""

from __future__ import annotations

from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.phases.intermediate import intermediate_states_of
from batchdrain.database.phases.pages import Row
from batchdrain.drain.liveness import is_due, is_over, never_began
from batchdrain.drain.project import Project
from batchdrain.drain.ran_under import command_of
from batchdrain.drain.recovery import with_session
from batchdrain.drain.remapped import Remapped
from batchdrain.drain.spooled_result import judge_spooled
from batchdrain.execution import spool_reader
from batchdrain.model.attempt import Attempt
from batchdrain.model.phase import GONE, RowState
from batchdrain.model.states import GIVEN_BACK, Outcome, PhaseState
from batchdrain.planning.given_back import GivenBack


def foresee_recovery(project: Project) -> list[GivenBack]:
    """Each claim that a drain would settle first, in the state that it would have then. Raises DatabaseUnavailable."""
    remapped = Remapped(project)
    return [
        _foresee(project, held)
        for held in map(with_session, project.store.history.read_held())
        if (is_due(held) or is_over(held)) and remapped.find_problem(held) is None
    ]


def _foresee(project: Project, held: Held) -> GivenBack:
    judged = judge_spooled(project, held, spool_reader.read(held.spool_dir, held.token))
    attempt = None if judged is None or judged[1].outcome in GIVEN_BACK else judged[1]
    with project.store.database.read() as connection:
        now = project.store.table.read_row_state(connection, held.key)
    then = _row_state_after(project, held, now, attempt)
    states = project.store.table.states.items() if then.is_there else ()
    state = next((state for state, words in states if then.state in words), None)
    has_moved = now is not None and now.state != then.state
    is_new = has_moved and state in {PhaseState.FAILED, PhaseState.QUEUED}
    return GivenBack(
        key=held.key,
        digest=held.digest,
        stands=then.state,
        state=state,
        row=Row(held.key.run_id, held.key.phase_id, held.phase_index, then.reason) if is_new else None,
        has_moved=has_moved,
        session_uid=held.session_uid,
        group_key=held.group_key,
        recorded=None if attempt is None else attempt.outcome,
        began=not never_began(held),
    )


def _row_state_after(project: Project, held: Held, now: RowState | None, attempt: Attempt | None) -> RowState:
    """The state of the row after recovery. Only a row that is in one of batchdrain's own states would be written."""
    if now is None:
        return RowState(state=GONE, reason=None, is_there=False)
    states, command = project.store.table.states, command_of(held, project.settings.command)
    if held.held_state is None and attempt is not None:
        return now
    if now.state not in intermediate_states_of(project.store.table, command) | {held.held_state}:
        return now
    if attempt is None:
        return held.prior
    if attempt.outcome is Outcome.COMPLETE:
        return RowState(state=states[PhaseState.COMPLETE].write, reason=None)
    return RowState(state=states[PhaseState.FAILED].write, reason=attempt.reason)
