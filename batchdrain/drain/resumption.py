"""What is left of a session: as it was asked for, with its own limits, and what the ledger knows beyond its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from batchdrain.drain.borne_out import hold_against_ledger, require_same_database
from batchdrain.drain.project import Project
from batchdrain.drain.request import (
    DrainRequest,
    narrowed,
    narrowed_batch_size,
    request_of,
    require_same_source,
)
from batchdrain.drain.session_lookup import find_session, read_session
from batchdrain.failures.excerpt import excerpt
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, PhaseKey, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import acceptances
from batchdrain.planning.usable_ids import UsableIds
from batchdrain.runtime import clock
from batchdrain.sessions.rebuild import catch_up, executions_of
from batchdrain.sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What is left of a session."""

    session: Session
    request: DrainRequest
    most: int | None  #: new phases that may be taken now; None: all
    retries: Sequence[ScheduledAttempt]  #: phases that waited to be tried again when it was left
    skipped: Counter[Skip]  #: those of them that a rule leaves out
    torn: bool  #: its file can't be read, or is gone; it comes from the ledger
    unknown: Sequence[PhaseKey] = ()  #: phases whose results neither ledger nor table bear out: they are open again


def resumable(project: Project, session_id: str | None, *, batch_size: int | None, by: Filters) -> Resumption | None:
    """What `resume` would go on with. Reads only. Raises BatchDrainError as it does."""
    found = find_session(project, session_id)
    if found is None:
        return None
    return what_is_left(project, found[0].session_id, request_to_resume(project, found[0], by), batch_size)


def request_to_resume(project: Project, session: Session, by: Filters) -> DrainRequest:
    """As it was asked for, narrowed by `by`. Raises BadData for another database or source, ConfigError, UsageError."""
    require_same_database(session, project.store)
    require_same_source(session, project.settings)
    return narrowed(request_of(session, project.settings), by)


def what_is_left(project: Project, session_id: str, request: DrainRequest, batch_size: int | None) -> Resumption:
    """What is left of a session that nobody else writes now. The ledger may hold results beyond its file: a controller
    that was killed may have recorded some that it did not save."""
    session, torn = read_session(project, session_id)
    rows = project.store.history.read_session_rows(session.session_uid or "")
    unknown = hold_against_ledger(project.store, session, rows)
    catch_up(session, rows)
    retries, skipped = _retries(project, session, request, executions_of(rows))
    most = narrowed_batch_size(request, batch_size, len(session.results))
    return Resumption(
        session=session, request=request, most=most, retries=retries, skipped=skipped, torn=torn, unknown=unknown
    )


def _retries(
    project: Project, session: Session, request: DrainRequest, executions: Mapping[tuple[str, str], int]
) -> tuple[list[ScheduledAttempt], Counter[Skip]]:
    """The phases that waited to be tried again when the session was left, and those of them that are skipped: they were
    accepted since, or their ids are none, as somebody wrote the file.
    `executions`: of the session, by run_id and phase_id."""
    known, skipped = acceptances(project.store), Counter[Skip]()
    now, retries, usable = clock.now(), [], UsableIds(request.settings.command.argv)
    for number, result in enumerate(session.results, start=1):
        tries = executions.get((result.run_id, result.phase_id), 1)
        if result.retry_at is None or result.success or tries >= request.settings.retry.max_attempts:
            continue
        failure = Failure(excerpt(result.error_message or ""), result.category or "transient", result.fingerprint)
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
