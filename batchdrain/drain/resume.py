"""A session goes on: with its own intent, its own limits, and what the ledger knows beyond its file."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import monotonic

from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.drain.request import (
    DrainRequest,
    has_same_command,
    narrowed,
    narrowed_batch_size,
    request_of,
    require_same_source,
)
from batchdrain.drain.screen import Screen
from batchdrain.drain.session_run import SessionOutcome, run_session
from batchdrain.drain.start import backlog_for, identity, prepare
from batchdrain.failures.excerpt import excerpt
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.errors import BadData
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase, Skip
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import acceptances
from batchdrain.runtime import clock
from batchdrain.sessions.events import Event
from batchdrain.sessions.folder import LostSession
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.rebuild import UnknownSession, catch_up, executions_of, rebuilt
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What is left of a session."""

    session: Session
    request: DrainRequest
    most: int | None  #: new phases that this go may take; None: all
    retries: Sequence[ScheduledAttempt]  #: phases that waited to be tried again when it was left
    accepted: Counter[Skip]  #: those of them that were accepted since
    torn: bool  #: its file can't be read, or is gone; it comes from the ledger


def resume(
    project: Project, session_id: str | None, screen: Screen, *, batch_size: int | None = None, by: Filters
) -> SessionOutcome | None:
    """Go on with a session (None: the newest incomplete one); None when there is none. `batch_size`: phases of this
    go, `by`: filters of this go, both at most as wide as the session's. Raises BatchDrainError."""
    found = _found(project, session_id)
    if found is None:
        return None
    request = _request(project, found[0], by)
    prepare(project, request)
    project.folder.prepare()
    lock = project.folder.lock(found[0].session_id)
    try:
        recovered = recover(project)  # before the session is read anew: it may record results of it
        left = _left(project, found[0].session_id, request, batch_size)
        if left.torn and project.folder.path(left.session.session_id).exists():
            project.folder.put_aside(left.session.session_id)
        record = SessionRecord(
            _reopened(project, left.session), project.folder, lock, project.store.table.states[PhaseState.FAILED]
        )
    except BaseException:
        os.close(lock)
        raise
    try:
        backlog = backlog_for(
            project,
            request,
            record.counts,
        )
        record.events.write(Event.SESSION_RESUMED, done=len(left.session.results), batch_size=left.session.batch_size)
        for skip, count in left.accepted.items():
            record.note_once(Event.PHASE_SKIPPED, skip, count=count)
        backlog.refresh(clock.now())
    except BaseException:
        record.close()
        raise
    moved = _moved(project, left.session)
    if moved is not None:
        screen.notice(moved)
    if not has_same_command(left.session, project.settings):
        screen.notice("The command is not the one that the session began with; it goes on with the present one")
    return run_session(
        OpenSession(
            project=project,
            request=request,
            record=record,
            backlog=backlog,
            screen=screen,
            most=left.most,
            recovered=recovered,
            retries=left.retries,
        )
    )


def resumable(project: Project, session_id: str | None, *, batch_size: int | None, by: Filters) -> Resumption | None:
    """What `resume` would go on with. Reads only. Raises BatchDrainError as it does."""
    found = _found(project, session_id)
    if found is None:
        return None
    return _left(project, found[0].session_id, _request(project, found[0], by), batch_size)


def _request(project: Project, session: Session, by: Filters) -> DrainRequest:
    _require_same_database(project, session)
    require_same_source(session, project.settings)
    return narrowed(request_of(session, project.settings), by)


def _left(project: Project, session_id: str, request: DrainRequest, batch_size: int | None) -> Resumption:
    """What is left of a session that nobody else writes now. The ledger may hold results beyond its file: a controller
    that was killed may have recorded some that it did not save."""
    session, torn = _read(project, session_id)
    rows = project.store.history.read_session_rows(session.session_uid or "")
    catch_up(session, rows)
    retries, accepted = _retries(project, session, request, executions_of(rows))
    most = narrowed_batch_size(request, batch_size, len(session.results))
    return Resumption(session=session, request=request, most=most, retries=retries, accepted=accepted, torn=torn)


def _reopened(project: Project, session: Session) -> Session:
    session.session_uid = session.session_uid or uuid.uuid4().hex
    session.database = session.database or identity(project)
    session.status, session.completed_at, session.stopped_because = Status.RUNNING, None, None
    return session


def _found(project: Project, session_id: str | None) -> tuple[Session, bool] | None:
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
        return rebuilt(project.store.history, session_id, error, project.store.table.states[PhaseState.FAILED]), True


def _require_same_database(project: Project, session: Session) -> None:
    uid = (session.database or {}).get("uid")
    if uid is not None and uid != project.store.ledger.read_meta(project.store.database, "database_uid"):
        raise BadData(
            f"session {session.session_id} belongs to another database ({(session.database or {}).get('url')}), "
            f"this one is {project.store.database.name}",
            remedy="set batchdrain.database_url to the session's, or start a new session with `inv drain`",
        )


def _moved(project: Project, session: Session) -> str | None:
    """A copy of a database has its identity. None where the session was begun in the place that we are at."""
    place = (session.database or {}).get("place")
    if not isinstance(place, str) or place == project.store.database.place:
        return None
    return f"The session began with the database at {place}, and goes on with the one at {project.store.database.place}"


def _retries(
    project: Project, session: Session, request: DrainRequest, executions: Mapping[tuple[str, str], int]
) -> tuple[list[ScheduledAttempt], Counter[Skip]]:
    """The phases that waited to be tried again when the session was left, and those of them that were accepted since.
    `executions`: of the session, by run_id and phase_id."""
    known, accepted = acceptances(project.store), Counter[Skip]()
    now, retries = clock.now(), []
    for number, result in enumerate(session.results, start=1):
        tries = executions.get((result.run_id, result.phase_id), 1)
        if result.retry_at is None or result.success or tries >= request.settings.retry.max_attempts:
            continue
        failure = Failure(excerpt(result.error_message or ""), result.category or "transient", result.fingerprint)
        skip = None if known is None else known.skip(result.key, failure)
        if skip is not None:
            accepted[Skip(skip.rule, f"{result.key}: {skip.value}")] += 1
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
    return retries, accepted
