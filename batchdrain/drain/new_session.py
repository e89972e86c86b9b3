"""Makes a new session, as it is before its first phase."""

from __future__ import annotations

import os
import socket
import uuid

from batchdrain.drain.chain.chain import Chain
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.failures.fingerprints import VERSION
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.forecast import Forecast
from batchdrain.runtime import clock
from batchdrain.sessions.balance import Balance, Skips
from batchdrain.sessions.events import Event
from batchdrain.sessions.kept_forecast import KeptForecast
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status


def make_session(
    project: Project, request: DrainRequest, backlog: Backlog, chain: Chain | None, forecast: Forecast | None
) -> Session:
    """Make a session and its folder, and nothing else. `backlog`: just read. Raises FilesUnavailable."""
    started_at = clock.now()
    project.folder.prepare()
    session_id = project.folder.new_id(started_at)
    return Session(
        session_id=session_id,
        session_uid=uuid.uuid4().hex,
        database=project.store.identify(),
        status=Status.RUNNING,
        fingerprint_version=VERSION,
        chain_uid=None if chain is None else chain.uid,
        started_at=started_at,
        balance=Balance.of(before=backlog.total, known=backlog.total, skips=Skips.of(backlog.remainder)),
        forecast=None if forecast is None else KeptForecast.of(forecast),
        **request.as_fields(),
    )


def open_record(session: Session, project: Project, counts: ResultCounts, chain: Chain | None) -> SessionRecord:
    """Open the session's record and lock it. Raises SessionInUse, FilesUnavailable, DatabaseUnavailable."""
    lock = project.folder.lock(session.session_id) if chain is None else chain.lock(project, session.session_id)
    try:
        if chain is not None:
            chain.join(project, session)
        record = SessionRecord(session, project.folder, lock, project.store.failed_words, counts)
    except BaseException:
        os.close(lock)
        raise
    try:
        record.events.write(Event.SESSION_STARTED, kind=session.kind.value, batch_size=session.batch_size,
                            filters=session.filters, policy=session.policy, database=session.database, host=socket.gethostname(),
                            forecast=None if session.forecast is None else session.forecast.model_dump(mode="json"))  # fmt: skip
    except BaseException:
        record.close()
        raise
    return record
