"""What is left of a session: as it was asked for, with its own limits, and what the ledger knows beyond its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from batchdrain.drain.project import Project
from batchdrain.drain.request import (
    DrainRequest,
    narrowed,
    narrowed_batch_size,
    request_of,
    require_same_source,
)
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.errors import BadData
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import acceptances
from batchdrain.planning.usable_ids import UsableIds
from batchdrain.runtime import clock
from batchdrain.sessions.folder import LostSession
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.rebuild import UnknownSession, catch_up, executions_of, rebuilt
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


def resumable(project: Project, session_id: str | None, *, batch_size: int | None, by: Filters) -> Resumption | None:
    """What `resume` would go on with. Reads only. Raises BatchDrainError as it does."""
    found = find_session(project, session_id)
    if found is None:
        return None
    return what_is_left(project, found[0].session_id, request_to_resume(project, found[0], by), batch_size)


def request_to_resume(project: Project, session: Session, by: Filters) -> DrainRequest:
    """As it was asked for, narrowed by `by`. Raises BadData for another database or source, ConfigError, UsageError."""
    _require_same_database(project, session)
    require_same_source(session, project.settings)
    return narrowed(request_of(session, project.settings), by)


def what_is_left(project: Project, session_id: str, request: DrainRequest, batch_size: int | None) -> Resumption:
    """What is left of a session that nobody else writes now. The ledger may hold results beyond its file: a controller
    that was killed may have recorded some that it did not save."""
    session, torn = _read(project, session_id)
    rows = project.store.history.read_session_rows(session.session_uid or "")
    catch_up(session, rows)
    retries, skipped = _retries(project, session, request, executions_of(rows))
    most = narrowed_batch_size(request, batch_size, len(session.results))
    return Resumption(session=session, request=request, most=most, retries=retries, skipped=skipped, torn=torn)


def find_session(project: Project, session_id: str | None) -> tuple[Session, bool] | None:
    """The session, and whether its file was torn or lost and it comes from the ledger."""
    if session_id is not None:
        return _read(project, session_id)
    for name in project.folder.newest_first(incomplete=True):
        try:
            session, torn = _read(project, name)
        except UnknownSession as error:
            if isinstance(error.__cause__, LostSession):  # it ended before anything was claimed
                continue
            raise
        if session.is_incomplete or project.folder.path(name).exists():
            return session, torn
    return None


def _read(project: Project, session_id: str) -> tuple[Session, bool]:
    try:
        return project.folder.load(session_id), False
    except CorruptSession as error:
        return rebuilt(project.store.history, session_id, error, project.store.failed_state), True


def _require_same_database(project: Project, session: Session) -> None:
    uid = (session.database or {}).get("uid")
    if uid is not None and uid != project.store.ledger.read_meta(project.store.database, "database_uid"):
        raise BadData(
            f"session {session.session_id} belongs to another database ({(session.database or {}).get('url')}), "
            f"this one is {project.store.database.name}",
            remedy="set batchdrain.database_url to the session's, or start a new session with `inv drain`",
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
