"""Closes a session: its balance and its status."""

from __future__ import annotations

from batchdrain.database.ledger.history import SESSION
from batchdrain.drain.exit_code import exit_code_after, fails_by_nothing, find_exit_code, find_rate_of_this_time
from batchdrain.drain.idle_limits import tell_idle_limits
from batchdrain.drain.loop import Drain
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.project import Project
from batchdrain.drain.selection import backlog_for
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.stops import is_idle_stop
from batchdrain.model.errors import BatchDrainError
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json
from batchdrain.sessions.exit_code import find_exit_by
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status

_HEAD_BYTES = 4_000_000  # MariaDB takes 16 MB in one statement
_MEANWHILE = "the session is not yet closed"


def close_session(it: OpenSession, drain: Drain, shutdown: Shutdown) -> None:
    """Write the balance and how the session ended to its file, its events and the ledger. Raises DatabaseUnavailable,
    FilesUnavailable."""
    record, outage, stops = it.record, drain.finisher.outage, drain.stops
    tell_idle_limits(it, drain)
    reading = outage.retry(it.backlog.count, meanwhile=_MEANWHILE)
    record.note_reading(reading, is_last=True)
    is_done = drain.is_done(reading.waiting)
    narrowed = it.request.most is None or len(record.session.results) < it.request.most
    if shutdown.signal is not None:
        status, because = Status.INTERRUPTED, shutdown.name
    elif stops.failure is not None:
        status, because = Status.INTERRUPTED, str(stops.failure)
    elif stops.stopped is not None and not (is_done and is_idle_stop(stops.stopped, record.session)):
        status, because = Status.STOPPED, str(stops.stopped)
    elif stops.left is not None and not is_done:
        status, because = Status.INTERRUPTED, str(stops.left)
    elif drain.chooser.taken == it.most and narrowed:
        status, because = Status.INTERRUPTED, f"--batch-size {it.most} of this call is reached"
    elif (narrowed or it.put_off) and outage.retry(lambda: _is_left_out(it), meanwhile=_MEANWHILE):
        status, because = Status.INTERRUPTED, "the flags of this call exclude the rest"
    else:
        status, because = Status.COMPLETE, None
    record.session.stopped_because = because  # find_exit_code, below, reads it
    code, session = find_exit_code(it, drain, shutdown), record.session
    session.drain_wanted_rate = find_rate_of_this_time(it)
    by_nothing = fails_by_nothing(it, drain)
    session.drain_exit_by = find_exit_by(session, code, orphaned=bool(drain.orphaned), by_nothing=by_nothing)
    ended_at = None if drain.executed else it.ended_at  # a resume that executed nothing ended nothing
    record.end(status, ended_at or clock.now(), because, code)
    outage.retry(lambda: keep_head(it.project, record.session), meanwhile=_MEANWHILE)


def _is_left_out(it: OpenSession) -> bool:
    """Whether the session has phases that this call leaves out."""
    if it.whole is None or (not it.less.may_leave_out):
        return False
    if it.put_off:
        return True
    rest = backlog_for(it.project, it.whole, it.record.counts)
    rest.refresh(clock.now())
    return bool(rest.waiting)


def close_after(record: SessionRecord, error: BaseException) -> None:
    """Keep what is known after an error of any kind. The caller raises that error again."""
    session = record.session
    if session.status is Status.RUNNING:
        try:
            record.end(Status.INTERRUPTED, clock.now(), str(error) or type(error).__name__, exit_code_after(error))
        except BatchDrainError as second:
            error.add_note(str(second))


def keep_head(project: Project, session: Session) -> None:
    """Write the session without its results to the ledger, so that its file can be rebuilt. The counts of its failures are left out
    if they are too large for one value: they can be counted again."""
    head = to_json(session.model_dump(mode="json", exclude={"results"}))
    if len(head) > _HEAD_BYTES:
        head = to_json(session.model_dump(mode="json", exclude={"results", "fingerprint_counts"}))
    project.store.ledger.write_meta(
        project.store.database, f"{SESSION}{session.session_id}/{session.session_uid}", head.decode()
    )
