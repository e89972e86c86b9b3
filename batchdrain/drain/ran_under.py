"""The command and the claim as a dead controller had them. What the end of the command means was settled then."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Command
from batchdrain.database.ledger.held_claims import Held
from batchdrain.drain.project import Project
from batchdrain.model.claim import Claim
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.runtime import clock


def command_of(held: Held, command: Command) -> Command:
    """The command as it was when the phase was claimed. What its end means was settled then, whatever is configured now."""
    ran_under: dict[str, Any] = {"result_from": "database" if held.held_state is None else "exit_code"}
    if held.success_codes is not None:
        ran_under["success_exit_codes"] = list(held.success_codes)
    return command.model_copy(update=ran_under)


def claim_of(held: Held, project: Project, ended_at: datetime) -> Claim:
    """The claim as its controller had it. `ended_at`: when the command ended; it counts if nobody knows when the phase was
    claimed."""
    known = {state_word: state for state, words in project.store.table.states.items() for state_word in words}
    phase = Phase(
        run_id=held.key.run_id,
        phase_id=held.key.phase_id,
        phase_index=held.phase_index,
        state=known.get(held.prior_state, PhaseState.FAILED),
        failure=Failure.of(held.prior_reason, categoriser_of(project.settings)),
        attempts=held.attempt - 1,
    )
    return Claim(
        phase=phase,
        epoch=held.epoch,
        attempt=held.attempt,
        prior_state=held.prior_state,
        prior_reason=held.prior_reason,
        prior_kind=held.prior_kind,
        held_state=held.held_state,
        claimed_at=ended_at if held.started_ms is None else clock.from_ms(held.started_ms),
        token=held.token,
        group_key=held.group_key,
    )
