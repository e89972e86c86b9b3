"""A result that a guardian kept, and whose controller died: it is judged and recorded."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from batchdrain.config.categories import categoriser_of
from batchdrain.config.settings import Command
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.held_claims import Held
from batchdrain.drain.judge import Judge
from batchdrain.drain.project import Project
from batchdrain.execution import spool_reader
from batchdrain.model.claim import Claim, TimeLimit
from batchdrain.model.errors import ClaimLost
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.runtime import clock


def record_spooled(project: Project, held: Held, record: dict[str, Any] | None) -> Recovered | None:
    """Finish with the result that the guardian kept; None where it kept none, or nobody knows of which phase it is."""
    if record is None or not held.has_name:
        return None
    try:
        out, err, result = (str(record[name]) for name in ("stdout_path", "stderr_path", "result_path"))
        ending = spool_reader.ending_of(record, result_path=result, stdout_path=out, stderr_path=err)
        limit = TimeLimit(seconds=float(record["limit_s"]), rule=str(record["limit_rule"]))
        ended_at = clock.from_ms(int(record["ended_ms"]))
    except (KeyError, ValueError, TypeError, OverflowError):  # not written by a guardian of ours
        return None
    claim, command = _claim(project, held, ended_at), command_of(held, project.settings.command)
    settings = project.settings.model_copy(update={"command": command})
    attempt = Judge(settings, project.store.redact, categoriser_of(settings)).judge(
        claim,
        ending,
        limit=limit,
        row_state=project.store.read_row_state(claim.phase) if command.result_from == "database" else None,
        paths=(project.folder.shorten(Path(out)), project.folder.shorten(Path(err))),
        ended_at=ended_at,
    )
    claims = Claims(project.store, command, held.session_uid, owner=held.owner)
    try:
        done = claims.finish(claim, attempt, may_wait=False)
    except ClaimLost:  # somebody else was faster
        return None
    return Recovered(key=held.key, epoch=held.epoch, state=done.final_state, recorded=done.outcome, note=done.unwritten)


def command_of(held: Held, command: Command) -> Command:
    """The command as it was when the phase was claimed: what its end means was settled then, whatever is configured now."""
    ran_under: dict[str, Any] = {"result_from": "database" if held.held_state is None else "exit_code"}
    if held.success_codes is not None:
        ran_under["success_exit_codes"] = list(held.success_codes)
    return command.model_copy(update=ran_under)


def _claim(project: Project, held: Held, ended_at: datetime) -> Claim:
    known = {text: state for state, text in project.store.table.states.items()}
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
        held_state=held.held_state,
        claimed_at=ended_at if held.started_ms is None else clock.from_ms(held.started_ms),
        token=held.token,
    )
