"""The phases that still waited to be tried again when a session was left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from time import monotonic

from batchdrain.config.settings import Retry
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.retry import RETRIED
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning.acceptances import acceptances
from batchdrain.planning.usable_ids import UsableIds
from batchdrain.runtime import clock
from batchdrain.sessions.session import Session


def note_unsaved_retries(
    session: Session, saved: Mapping[PhaseKey, int | None], executions: Mapping[tuple[str, str], int], retry: Retry
) -> None:
    """Let phases be tried again of whose last failure only the ledger knows, as its controller died before it saved the session:
    the ledger does not say that a retry was due. `saved`: the number of the attempt whose result the file has, by phase;
    `executions`: as in `retries_left`."""
    for result in session.results:
        is_saved = result.key in saved and saved[result.key] == result.attempt
        if is_saved or result.outcome != Outcome.FAILED or result.category != RETRIED:
            continue
        if executions.get((result.run_id, result.phase_id), 1) < retry.max_attempts:
            result.retry_at = result.timestamp
    session.recount()


def retries_left(
    project: Project, session: Session, request: DrainRequest, executions: Mapping[tuple[str, str], int]
) -> tuple[list[ScheduledAttempt], Counter[Skip]]:
    """The phases that waited to be tried again when the session was left, and the skips of those that are left out. Such a phase
    was accepted since, or its ids are invalid because somebody edited the file.

    `executions`: how often the session executed each phase, by run_id and phase_id.
    """
    known, skipped = acceptances(project.store), Counter[Skip]()
    now, retries, usable = clock.now(), [], UsableIds(request.settings.command.argv)
    for number, result in enumerate(session.results, start=1):
        tries = executions.get((result.run_id, result.phase_id), 1)
        if result.retry_at is None or result.success or tries >= request.settings.retry.max_attempts:
            continue
        failure = Failure.uncategorised(result.error_message or "").as_category(result.category or "transient")
        failure = failure if result.fingerprint is None else failure.as_fingerprint(result.fingerprint)
        skip = usable.problem_of(result.run_id, result.phase_id)
        if skip is None and known is not None:
            skip = known.skip(result.key, failure)
        if skip is not None:
            skipped[Skip(skip.rule, f"{result.key}: {skip.value}")] += 1
            continue
        phase = Phase(
            run_id=result.run_id,
            phase_id=result.phase_id,
            phase_index=result.phase_index,
            state=PhaseState.FAILED,
            failure=failure,
            attempts=result.attempt or tries,
        )
        choice = Choice(phase=phase, reason="its retry was left behind")
        wait_s = min(max(0.0, (result.retry_at - now).total_seconds()), request.settings.retry.max_s)
        retries.append(ScheduledAttempt(monotonic() + wait_s, number, choice, tries))
    return retries, skipped
