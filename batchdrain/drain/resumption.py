"""Finds what is left of a session, by its own request and limits and by what the ledger knows beyond its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass

from batchdrain.drain.borne_out import hold_against_ledger, is_of_other_database, require_same_database
from batchdrain.drain.left_retries import note_unsaved_retries, retries_left
from batchdrain.drain.narrowing import Narrowing
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest, request_of, require_same_source
from batchdrain.model.claim import ScheduledAttempt
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.sessions.folder import LostSession
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.progress import ResultCounts, counts_of
from batchdrain.sessions.rebuild import UnknownSession, catch_up, executions_of, rebuilt
from batchdrain.sessions.session import Session, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What is left of a session."""

    session: Session
    request: DrainRequest
    most: int | None  #: how many new phases may be taken now; None: all
    retries: Sequence[ScheduledAttempt]  #: phases that waited to be tried again when the session was left
    put_off: int  #: how many more such phases this call's filters leave out
    skipped: Counter[Skip]  #: such phases that a rule leaves out
    torn: bool  #: its file can't be read or is gone, so it was rebuilt from the ledger
    unknown: Sequence[PhaseKey] = ()  #: phases whose results neither ledger nor table confirms; they are open again
    is_tried_again: bool = False  #: whether a phase was tried more than once

    def count(self, before: ResultCounts | None = None) -> ResultCounts:
        """The counts of what the session has done. `before`: what the other sessions of its chain did."""
        counts = counts_of(self.session, before)
        counts.is_tried_again |= self.is_tried_again
        return counts


def request_to_resume(project: Project, session: Session) -> DrainRequest:
    """The session's own request. Raises BadData if it belongs to another database or source, ConfigError, UsageError."""
    require_same_database(session, project.store)
    require_same_source(session, project.settings)
    return request_of(session, project.settings)


def what_is_left(project: Project, session_id: str, request: DrainRequest, less: Narrowing) -> Resumption:
    """Find what is left of a session that nobody else writes now, and what of it this call may take. `request`: the session's own.
    The ledger may hold results that the file lacks: a controller that was killed may have recorded some that it did not save.
    Raises BatchDrainError."""
    session, torn = read_session(project, session_id)
    rows = project.store.history.read_session_rows(session.session_uid or "")
    unknown = hold_against_ledger(project.store, session, rows)
    saved = {} if torn else {result.key: result.attempt for result in session.results}
    catch_up(session, rows)
    request = less.apply(request)
    executions = executions_of(rows)
    note_unsaved_retries(session, saved, executions, request.settings.retry)
    retries, skipped = retries_left(project, session, request, executions)
    due = [retry for retry in retries if less.filters.takes(retry.choice.phase.run_id, retry.choice.failure)]
    most = less.most(request, len(session.results))
    return Resumption(
        session=session,
        request=request,
        most=most,
        retries=due,
        put_off=len(retries) - len(due),
        is_tried_again=any(count > 1 for count in executions.values()),
        skipped=skipped,
        torn=torn,
        unknown=unknown,
    )


def find_session(project: Project, session_id: str | None, open_chains: Container[str] = ()) -> Session | None:
    """Read the named session, or else the newest one that can be resumed: it is incomplete, or its chain is open. None if there is
    none. Raises BatchDrainError."""
    if session_id is not None:
        return read_session(project, session_id)[0]
    elsewhere: Session | None = None
    for name, found in project.folder.all():
        if isinstance(found, Session) and not found.is_incomplete and not _goes_on(found, open_chains):
            continue
        try:
            session, _ = read_session(project, name)
        except UnknownSession as error:
            if isinstance(error.__cause__, LostSession):  # it ended before anything was claimed
                continue
            raise
        if not session.is_incomplete and not _goes_on(session, open_chains) and not project.folder.path(name).exists():
            continue
        if not is_of_other_database(session, project.store):
            return session
        elsewhere = elsewhere or session
    return elsewhere


def _goes_on(session: Session, open_chains: Container[str]) -> bool:
    """Whether another session of its chain follows a complete session."""
    return session.chain_uid is not None and session.chain_uid in open_chains and session.status is not Status.STOPPED


def read_session(project: Project, session_id: str) -> tuple[Session, bool]:
    """Read a session. Also returns whether it was rebuilt from the ledger, because its file is torn or lost."""
    try:
        return project.folder.load(session_id), False
    except CorruptSession as error:
        return rebuilt(project.store.history, session_id, error, project.store.failed_words), True
