"""Completes a session whose process is dead with what is known of it. Starts no work."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.held_claims import Held
from batchdrain.database.ledger.session_heads import forget_waits, read_holders
from batchdrain.drain.borne_out import require_same_database
from batchdrain.drain.chain.resumption import Target, find_target
from batchdrain.drain.close import keep_head
from batchdrain.drain.liveness import describe_held, is_alive
from batchdrain.drain.project import Project
from batchdrain.drain.recovery import recover
from batchdrain.drain.resumption import read_session
from batchdrain.model.errors import SessionInUse
from batchdrain.runtime import clock
from batchdrain.sessions.rebuild import catch_up
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import CLOSED, Session, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """A session that is complete now."""

    session: Session
    others: Sequence[Session] = ()  #: the other sessions of its chain that were incomplete too
    was_complete: bool = False  #: whether the session was complete before
    recovered: Sequence[Recovered] = ()  #: what dead controllers held
    held: Sequence[Held] = ()  #: what the session still holds
    holds_elsewhere: bool = False  #: whether it holds phases of another table of the database


def find_dead(project: Project, session_id: str | None) -> Target | None:
    """Find what `close_dead` would complete; None if no session is incomplete. Reads only. Raises SessionInUse if the session
    lives, BadData if it belongs to another database."""
    target = find_target(project, session_id)
    if target is not None and target.is_open:
        require_same_database(target.session, project.store)
        for name in target.ids:
            if project.folder.is_held(name):
                os.close(project.folder.lock(name))  # raises an error that says who holds it, unless that one has just ended
        for session in target.incomplete:
            _require_dead(project, session)
    return target


def close_dead(project: Project, session_id: str | None) -> Closed | None:
    """Complete the session (None: the newest incomplete one) and its chain with all that the ledger knows, and give back what it
    holds. Returns None if there is no such session. Raises SessionInUse if it lives, BatchDrainError."""
    target = find_dead(project, session_id)
    if target is None or not target.is_open:
        return None if target is None else Closed(session=target.session, was_complete=True)
    known = set(project.folder.ids())
    closed = Closed(session=target.session)
    for session in target.incomplete:
        if session is target.session:
            closed = _complete(project, session)
        elif session.session_id in known:  # a session whose files are on another host is closed there
            closed = _add(closed, _complete(project, session))
    if target.chain is not None:
        target.chain.end(project, Status.COMPLETE, CLOSED)
    return closed


def _add(closed: Closed, other: Closed) -> Closed:
    return replace(
        closed,
        others=[*closed.others, other.session],
        recovered=[*closed.recovered, *other.recovered],
        held=[*closed.held, *other.held],
        holds_elsewhere=closed.holds_elsewhere or other.holds_elsewhere,
    )


def _complete(project: Project, session: Session) -> Closed:
    project.folder.prepare()
    lock = project.folder.lock(session.session_id)
    try:
        _require_dead(project, session)
        recovered = recover(project)
        session, torn = read_session(project, session.session_id)
        rows = project.store.history.read_session_rows(session.session_uid or "")
        catch_up(session, rows)
        if torn and project.folder.path(session.session_id).exists():
            project.folder.put_aside(session.session_id)
        record = SessionRecord(session, project.folder, lock, project.store.failed_words)
    except BaseException:
        os.close(lock)
        raise
    try:
        record.end(Status.COMPLETE, clock.now(), CLOSED)
    finally:
        record.close()
    _keep(project, session)
    held = [one for one in project.store.history.read_held() if one.session_uid == session.session_uid]
    holds = session.session_uid in read_holders(project.store)[0]
    return Closed(session=session, recovered=recovered, held=held, holds_elsewhere=holds and not held)


def _require_dead(project: Project, session: Session) -> None:
    """Raises SessionInUse if the session lives. A session that is drained from another machine has no lock here; its claims show
    it."""
    for held in project.store.history.read_held():
        if held.session_uid == session.session_uid and may_live(is_alive(held), held.lease_left_ms):
            raise SessionInUse(
                f"session {session.session_id}: holds {describe_held(held)}", remedy="wait for it, or stop it with Ctrl-C"
            )


def may_live(alive: bool | None, lease_left_ms: int) -> bool:
    """Whether the controller of a claim may still drain. `alive`: None if that can't be told from here, so that its lease tells."""
    return lease_left_ms >= 0 if alive is None else alive


def _keep(project: Project, session: Session) -> None:
    with project.store.database.read() as connection:
        exists = project.store.ledger.exists(connection)
    if exists and session.session_uid is not None:
        keep_head(project, session)
        forget_waits(project.store, session.session_uid)
        project.session_rows.end(session.session_uid, None, Status.COMPLETE.value)
