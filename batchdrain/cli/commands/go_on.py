"""The command that resumes a session that was interrupted or stopped."""

from __future__ import annotations

import shlex

from batchdrain.cli.invocation import Invocation
from batchdrain.drain.stops import FULL
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session, Status
from batchdrain.sessions.whole import parts_of


def to_resume_command(invocation: Invocation, folder: SessionFolder, session: Session) -> str | None:
    """The command as it is typed; None if nothing can go on. Does not ask the database, which may be what failed."""
    status = session.current_status
    if status is Status.COMPLETE or (session.stopped_because or "").startswith(FULL.rule):
        return None
    if status is Status.STOPPED and "group" in session.filters:  # a group that was stopped takes nothing more
        return None
    left = next((part for part in parts_of(session) if part.is_incomplete), parts_of(session)[-1])
    words = [*invocation.words, f"{invocation.mount}resume"]
    if status is Status.STOPPED or not _is_first(folder, left):
        words.append(f"--session-id={left.session_id}")
    return shlex.join(words)


def _is_first(folder: SessionFolder, session: Session) -> bool:
    """Whether a `resume` without a session id takes this session: no newer one may be incomplete, or belong to a chain."""
    for name, found in folder.all():
        if name == session.session_id:
            return True
        if not isinstance(found, Session) or found.is_incomplete or found.chain_uid is not None:
            return False
    return False
