"""What is left of a session: as it was asked for, with its own limits, and what the ledger knows beyond its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from batchdrain.drain.borne_out import hold_against_ledger, is_of_other_database, require_same_database
from batchdrain.drain.left_retries import retries_left
from batchdrain.drain.project import Project
from batchdrain.drain.request import (
    DrainRequest,
    narrowed,
    narrowed_batch_size,
    request_of,
    require_same_source,
)
from batchdrain.model.claim import ScheduledAttempt
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.filters import Filters
from batchdrain.planning.stop import session_stop
from batchdrain.sessions.folder import LostSession
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.progress import ResultCounts, counts_of
from batchdrain.sessions.rebuild import UnknownSession, catch_up, executions_of, metrics_of_earlier, rebuilt
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
    earlier: Sequence[Mapping[str, float]] = ()  #: metrics of attempts whose phases were tried again in the session since

    def count(self) -> ResultCounts:
        """What the session has done."""
        counts = counts_of(self.session)
        for metrics in self.earlier:
            counts.spend(metrics)
        return counts

    def find_stop(self) -> Skip | None:
        """Why it takes nothing more, whatever is left; None where it goes on."""
        return session_stop(self.count().progress(), self.request.settings.stop)


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
    session, torn = _read(project, session_id)
    rows = project.store.history.read_session_rows(session.session_uid or "")
    unknown = hold_against_ledger(project.store, session, rows)
    catch_up(session, rows)
    retries, skipped = retries_left(project, session, request, executions_of(rows))
    most = narrowed_batch_size(request, batch_size, len(session.results))
    earlier = metrics_of_earlier(session, rows)
    return Resumption(
        session=session,
        request=request,
        most=most,
        retries=retries,
        skipped=skipped,
        torn=torn,
        unknown=unknown,
        earlier=earlier,
    )


def find_session(project: Project, session_id: str | None) -> tuple[Session, bool] | None:
    """The session, and whether its file was torn or lost and it comes from the ledger."""
    if session_id is not None:
        return _read(project, session_id)
    elsewhere: tuple[Session, bool] | None = None
    for name in project.folder.newest_first(incomplete=True):
        try:
            session, torn = _read(project, name)
        except UnknownSession as error:
            if isinstance(error.__cause__, LostSession):  # it ended before anything was claimed
                continue
            raise
        if not session.is_incomplete and not project.folder.path(name).exists():
            continue
        if not is_of_other_database(session, project.store):
            return session, torn
        elsewhere = elsewhere or (session, torn)
    return elsewhere


def _read(project: Project, session_id: str) -> tuple[Session, bool]:
    try:
        return project.folder.load(session_id), False
    except CorruptSession as error:
        return rebuilt(project.store.history, session_id, error, project.store.failed_state), True
