"""A session whose process is dead is completed as it stands. Starts no work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.session_heads import read_holders
from batchdrain.drain.borne_out import require_same_database
from batchdrain.drain.close import keep_head
from batchdrain.drain.liveness import describe_held, is_alive
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.drain.resumption import find_session
from batchdrain.model.errors import SessionInUse
from batchdrain.runtime import clock
from batchdrain.sessions.rebuild import catch_up
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status

BECAUSE: Final = "closed by `inv resume --close`, as it stood"


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A session that is complete now."""

    session: Session
    was_complete: bool = False  #: before
    recovered: Sequence[Recovered] = ()  #: what dead controllers held
    held: Sequence[Held] = ()  #: what it still holds
    holds_elsewhere: bool = False  #: phases of another table of the database


def find_dead(project: Project, session_id: str | None) -> Session | None:
    """The session that `close_dead` would complete; None where none is incomplete. Reads only. Raises SessionInUse for one that
    lives, BadData for one of another database."""
    found = find_session(project, session_id)
    if found is None:
        return None
    session, _ = found
    if session.is_incomplete:
        require_same_database(session, project.store)
        if project.folder.is_held(session.session_id):
            os.close(project.folder.lock(session.session_id))  # says who has it; it may have ended by now
        _require_dead(project, session)
    return session


def close_dead(project: Project, session_id: str | None) -> Closed | None:
    """Complete the session (None: the newest incomplete one) with all that the ledger knows of it; None where there is none. What
    it holds is given back. Raises SessionInUse for one that lives, BatchDrainError."""
    session = find_dead(project, session_id)
    if session is None or not session.is_incomplete:
        return None if session is None else Closed(session=session, was_complete=True)
    project.folder.prepare()
    lock = project.folder.lock(session.session_id)
    try:
        _require_dead(project, session)
        recovered = recover(project)
        session, torn = find_session(project, session.session_id) or (session, False)
        rows = project.store.history.read_session_rows(session.session_uid or "")
        catch_up(session, rows)
        if torn and project.folder.path(session.session_id).exists():
            project.folder.put_aside(session.session_id)
        record = SessionRecord(session, project.folder, lock, project.store.failed_state)
    except BaseException:
        os.close(lock)
        raise
    try:
        record.end(Status.COMPLETE, clock.now(), BECAUSE)
    finally:
        record.close()
    _keep(project, session)
    held = [one for one in project.store.history.read_held() if one.session_uid == session.session_uid]
    holds = session.session_uid in read_holders(project.store)[0]
    return Closed(session=session, recovered=recovered, held=held, holds_elsewhere=holds and not held)


def _require_dead(project: Project, session: Session) -> None:
    """A session that is drained from another machine has no lock here: its claims tell. Raises SessionInUse."""
    for held in project.store.history.read_held():
        alive = is_alive(held)
        if held.session_uid == session.session_uid and (alive or (alive is None and held.lease_left_ms >= 0)):
            raise SessionInUse(
                f"session {session.session_id}: holds {describe_held(held)}", remedy="wait for it, or stop it with Ctrl-C"
            )


def _keep(project: Project, session: Session) -> None:
    with project.store.database.read() as connection:
        exists = project.store.ledger.exists(connection)
    if exists and session.session_uid is not None:
        keep_head(project, session)
