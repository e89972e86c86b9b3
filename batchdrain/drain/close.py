"""The end of a session: its balance, its status, its exit code."""

from __future__ import annotations

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import SESSION
from batchdrain.drain.loop import Drain
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.project import Project
from batchdrain.drain.retry import RETRIED
from batchdrain.drain.selection import backlog_for
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.errors import BatchDrainError
from batchdrain.planning.filters import Filters
from batchdrain.planning.stop import SAME_NEW_FAILURE
from batchdrain.runtime import clock
from batchdrain.runtime.json_text import to_json
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status

_HEAD_BYTES = 4_000_000  # MariaDB takes 16 MB at a time
_MEANWHILE = "the session is not yet closed"


def exit_code(session: Session, settings: Settings, *, orphaned: bool) -> int:
    """0, or 1 when some phase failed, or was `orphaned` and has no result; with a minimal rate only when the rate is below
    it, or when there is none for that reason. 1 in any case where the command fails whatever the phase."""
    if (session.stopped_because or "").startswith(SAME_NEW_FAILURE):
        return 1
    rate = session.success_rate
    if settings.min_success_rate is not None and rate is not None:
        return 1 if rate < settings.min_success_rate else 0
    return 1 if session.total_failed or orphaned else 0


def close_session(it: OpenSession, drain: Drain, shutdown: Shutdown) -> None:
    """Write the balance and how it ended: file, event, ledger. Raises DatabaseUnavailable, FilesUnavailable."""
    record, outage, stops = it.record, drain.finisher.outage, drain.stops
    record.session.without_effect += _find_idle_limits(it, drain)
    record.note_reading(outage.retry(it.backlog.count, meanwhile=_MEANWHILE), is_last=True)
    narrowed = it.request.most is None or len(record.session.results) < it.request.most
    if shutdown.signal is not None:
        status, because = Status.INTERRUPTED, shutdown.name
    elif stops.failure is not None:
        status, because = Status.INTERRUPTED, str(stops.failure)
    elif stops.stopped is not None:
        status, because = Status.STOPPED, str(stops.stopped)
    elif stops.left is not None:
        status, because = Status.INTERRUPTED, str(stops.left)
    elif drain.chooser.taken == it.most and narrowed:
        status, because = Status.INTERRUPTED, f"--batch-size {it.most} of this go is reached"
    elif narrowed and outage.retry(lambda: _is_left_out(it), meanwhile=_MEANWHILE):
        status, because = Status.INTERRUPTED, "what was asked for this time leaves out the rest"
    else:
        status, because = Status.COMPLETE, None
    record.end(status, clock.now(), because)
    outage.retry(lambda: keep_head(it.project, record.session), meanwhile=_MEANWHILE)


def _find_idle_limits(it: OpenSession, drain: Drain) -> list[str]:
    """--max-attempts where nothing could be tried again: told when it is known, at the end."""
    session, attempts = it.record.session, it.request.settings.retry.max_attempts
    if "--max-attempts" not in it.request.flags or not session.total_failed or drain.executed > session.total_processed:
        return []
    if any(result.category == RETRIED for result in session.results if not result.success):
        return []
    return [f"--max-attempts={attempts}: no failure was transient, and only transient failures are tried again"]


def _is_left_out(it: OpenSession) -> bool:
    """Whether the session has phases that what was asked for this time leaves out."""
    if it.whole is None or (it.less.filters == Filters() and not it.less.limits):
        return False
    if it.put_off:
        return True
    rest = backlog_for(it.project, it.whole, it.record.counts)
    rest.refresh(clock.now())
    return bool(rest.waiting)


def close_after(record: SessionRecord, error: BaseException) -> None:
    """Keep what is known, whatever failed; the error itself is raised further."""
    session = record.session
    if session.status is Status.RUNNING:
        try:
            record.end(Status.INTERRUPTED, clock.now(), str(error) or type(error).__name__)
        except BatchDrainError as second:
            error.add_note(str(second))


def keep_head(project: Project, session: Session) -> None:
    """All of the session but its results, in the ledger, so that its file can be rebuilt. What is counted of the results is
    left out where it is too much for one value: it is counted again."""
    head = to_json(session.model_dump(mode="json", exclude={"results"}))
    if len(head) > _HEAD_BYTES:
        head = to_json(session.model_dump(mode="json", exclude={"results", "fingerprint_counts"}))
    project.store.ledger.write_meta(
        project.store.database, f"{SESSION}{session.session_id}/{session.session_uid}", head.decode()
    )
