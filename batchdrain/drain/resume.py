"""Resumes a session: with its own request and limits, and with what the ledger knows beyond its file."""

from __future__ import annotations

import os
import socket
import uuid
from typing import Any, Final

from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.narrowing import AS_ASKED, Narrowing
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.preflight import leave_out_tried, require_ready, settle_ledger
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest, digests, has_same_command, has_same_source
from batchdrain.drain.resumption import Resumption, read_session, request_to_resume, what_is_left
from batchdrain.drain.screen import Screen
from batchdrain.drain.selection import backlog_for
from batchdrain.drain.session_run import SessionOutcome, run_session
from batchdrain.runtime import clock
from batchdrain.runtime.text import agree, count_of
from batchdrain.sessions.events import Event
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status

_SHOWN: Final = 10


def resume(
    project: Project, session_id: str, screen: Screen, less: Narrowing = AS_ASKED, chain: Chain | None = None
) -> SessionOutcome:
    """Resume a session. `less`: what this call asks for, at most as much as the session; `chain`: the chain of the session. Raises
    BatchDrainError."""
    request = request_to_resume(project, read_session(project, session_id)[0])
    require_ready(project, less.apply(request))
    return run_session(_open(project, session_id, request, less, screen, chain))


def _open(
    project: Project, session_id: str, request: DrainRequest, less: Narrowing, screen: Screen, chain: Chain | None
) -> OpenSession:
    """The session in its present state, locked by this process."""
    project.folder.prepare()
    lock = project.folder.lock(session_id) if chain is None else chain.lock(project, session_id)
    try:
        recovered = settle_ledger(project, screen, read_session(project, session_id)[0])
        left = what_is_left(project, session_id, request, less)
        if left.torn and project.folder.path(session_id).exists():
            project.folder.put_aside(session_id)
        _tell_changes(project, left, screen)
        ended_at, session = left.session.completed_at, _reopen(project, left.session, chain)
        counts = left.count(None if chain is None else chain.counts_for(session.kind))
        leave_out_tried(project, request, counts)
        record = SessionRecord(session, project.folder, lock, project.store.failed_words, counts)
    except BaseException:
        os.close(lock)
        raise
    try:
        backlog = backlog_for(project, left.request, record.counts)
        record.events.write(Event.SESSION_RESUMED, **_facts_of(left.session))
        _tell_left_out(left, record, screen)
        backlog.refresh(clock.now())
    except BaseException:
        record.close()
        raise
    return OpenSession(project=project, request=left.request, whole=request, less=less, record=record, backlog=backlog,
                       screen=screen, most=left.most, recovered=recovered, put_off=left.put_off, retries=left.retries,
                       ended_at=ended_at, asked=None if chain is None else chain.asked, former=None if chain is None else chain.former)  # fmt: skip


def _tell_left_out(left: Resumption, record: SessionRecord, screen: Screen) -> None:
    """Tell of retries that a rule leaves out."""
    for skip, count in left.skipped.items():
        record.note_once(Event.PHASE_SKIPPED, skip, keep=False, count=count)
        screen.notice(f"Not tried again, though its retry was left: {skip}")


def _tell_changes(project: Project, left: Resumption, screen: Screen) -> None:
    """Tell what is no longer as it was when the session began."""
    session = left.session
    if count := len(left.unknown):
        shown = ", ".join(map(str, left.unknown[:_SHOWN])) + (", …" if len(left.unknown) > _SHOWN else "")
        screen.notice(
            f"{count_of(count, 'result')} of the session {agree(count, 'is', 'are')} not in the ledger, as after a backup was "
            f"restored: {agree(count, 'its phase is', 'their phases are')} open again: {shown}"
        )
    place = (session.database or {}).get("place")
    here = project.store.database.place
    if isinstance(place, str) and not project.store.database.is_at(place):  # a copy of a database has the same identity
        screen.notice(f"The session began with the database at {place}, and continues with the one at {here}")
    if not has_same_source(session, project.settings):
        screen.notice("The table was replaced while the session ran; the session continues with the present mapping")
    if not has_same_command(session, project.settings):
        screen.notice("The command is not the one that the session began with; the session continues with the present one")


def _reopen(project: Project, session: Session, chain: Chain | None) -> Session:
    session.session_uid = session.session_uid or uuid.uuid4().hex
    session.database = session.database or project.store.identify()
    if session.settings is not None and not has_same_source(session, project.settings):
        session.settings |= {"source_sha256": digests(project.settings)["source_sha256"]}
    if session.status is Status.STOPPED and chain is None:  # whoever resumes a stopped session gives it its minutes anew
        session.active_s = 0.0
    session.status, session.completed_at, session.stopped_because = Status.RUNNING, None, None
    session.drain_exit_code = session.drain_exit_by = session.drain_wanted_rate = None
    return session


def _facts_of(session: Session) -> dict[str, Any]:
    """The facts of the event."""
    return {"done": len(session.results), "batch_size": session.batch_size, "host": socket.gethostname()}
