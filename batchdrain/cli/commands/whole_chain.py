"""Joins a session with the others of its chain, for a report."""

from __future__ import annotations

from batchdrain.cli.commands.chain_rows import read_chains_left
from batchdrain.cli.commands.open import open_project
from batchdrain.cli.invocation import Invocation
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.rebuild import rebuilt
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import whole_of


def to_whole(invocation: Invocation, folder: SessionFolder, session: Session) -> Session:
    """The chain, made of its sessions in the folder; the session itself if it belongs to no chain."""
    if session.chain_uid is None:
        return session
    names = [name for name, found in folder.all() if isinstance(found, Session) and found.chain_uid == session.chain_uid]
    parts = [
        session if name == session.session_id else load_session(invocation, folder, name) for name in reversed(names)
    ] or [session]
    row = read_chains_left(invocation).get(session.chain_uid)
    if row is None:
        return whole_of(parts, Status.COMPLETE)
    return whole_of(parts, None if row.ended_at is None else Status.STOPPED, row.because)


def load_session(invocation: Invocation, folder: SessionFolder, session_id: str) -> Session:
    """The session from its file, else rebuilt from the ledger.
    If it says that it runs but no process holds it, it is interrupted."""
    try:
        session = folder.load(session_id)
    except CorruptSession as error:
        with open_project(invocation) as project:
            session = rebuilt(project.store.history, session_id, error, project.store.failed_words)
    if session.current_status is Status.RUNNING and not folder.is_held(session_id):
        session.status, session.stopped_because = Status.INTERRUPTED, "its process died"
    return session
