"""A session begins: what is asked is fixed, checked, and handed to `run_session`."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence

from batchdrain.drain.ambiguous_rows import ambiguity_of
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.preflight import require_ready, settle_ledger
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Screen
from batchdrain.drain.selection import backlog_for, find_idle, settle
from batchdrain.drain.session_run import SessionOutcome, run_session
from batchdrain.planning.backlog import Backlog
from batchdrain.runtime import clock
from batchdrain.sessions.balance import Balance, Skips
from batchdrain.sessions.events import Event
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status


def begin(project: Project, request: DrainRequest, screen: Screen) -> SessionOutcome:
    """A new session, unless there is nothing to drain. Raises BatchDrainError."""
    require_ready(project, request)
    request = settle(project, request)
    recovered = settle_ledger(project, screen)
    counts = ResultCounts()
    backlog = backlog_for(project, request, counts)
    backlog.refresh(clock.now())
    idle = find_idle(project, request, backlog)
    if not backlog.waiting:
        return SessionOutcome(
            session=None,
            exit_code=0,
            skipped=backlog.skipped,
            total=backlog.total,
            failure=ambiguity_of(backlog.skipped),
            without_effect=idle,
        )
    session = _new_session(project, request, backlog, idle)
    record = _open_record(session, project, counts)
    for line in idle:
        screen.notice(line)
    try:
        record.events.write(Event.SESSION_STARTED, kind=session.kind.value, batch_size=session.batch_size,
                            filters=session.filters, policy=session.policy, database=session.database)  # fmt: skip
    except BaseException:
        record.close()
        raise
    return run_session(
        OpenSession(
            project=project,
            request=request,
            record=record,
            backlog=backlog,
            screen=screen,
            most=request.most,
            recovered=recovered,
        )
    )


def _new_session(project: Project, request: DrainRequest, backlog: Backlog, idle: Sequence[str]) -> Session:
    """As it begins; it is kept nowhere yet."""
    started_at = clock.now()
    project.folder.prepare()
    return Session(
        session_id=project.folder.new_id(started_at),
        session_uid=uuid.uuid4().hex,
        database=project.store.identify(),
        status=Status.RUNNING,
        started_at=started_at,
        balance=Balance.of(before=backlog.total, known=backlog.total, skips=Skips.of(backlog.remainder)),
        without_effect=list(idle),
        **request.as_fields(),
    )


def _open_record(session: Session, project: Project, counts: ResultCounts) -> SessionRecord:
    """The session's record, held by us alone. Raises SessionInUse and FilesUnavailable."""
    lock = project.folder.lock(session.session_id)
    try:
        return SessionRecord(session, project.folder, lock, project.store.failed_state, counts)
    except BaseException:
        os.close(lock)
        raise
