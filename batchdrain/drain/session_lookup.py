"""Which session is to go on: the one that was named, else the newest incomplete one of this database."""

from __future__ import annotations

from batchdrain.drain.borne_out import is_of_other_database
from batchdrain.drain.project import Project
from batchdrain.sessions.folder import LostSession
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.rebuild import UnknownSession, rebuilt
from batchdrain.sessions.session import Session


def find_session(project: Project, session_id: str | None) -> tuple[Session, bool] | None:
    """The session, and whether its file was torn or lost and it comes from the ledger."""
    if session_id is not None:
        return read_session(project, session_id)
    elsewhere: tuple[Session, bool] | None = None
    for name in project.folder.newest_first(incomplete=True):
        try:
            session, torn = read_session(project, name)
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


def read_session(project: Project, session_id: str) -> tuple[Session, bool]:
    """By its name: from its file, else from the ledger. Raises BadData, UsageError."""
    try:
        return project.folder.load(session_id), False
    except CorruptSession as error:
        return rebuilt(project.store.history, session_id, error, project.store.failed_state), True
