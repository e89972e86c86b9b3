"""A session is drained: it is announced, its drain is composed and runs, and it is closed, whatever happens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from batchdrain.config.settings import Settings
from batchdrain.database.ledger.history import SESSION
from batchdrain.database.run_counts import describe_counts
from batchdrain.drain.compose import open_drain
from batchdrain.drain.loop import Drain
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.project import Project
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.screen import Opening
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import Skip
from batchdrain.planning.acceptances import ACCEPTED
from batchdrain.planning.filters import ASKED_FOR
from batchdrain.planning.skip_rules import ATTEMPTED
from batchdrain.runtime import clock
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.render import dumps
from batchdrain.sessions.session import Session, Status

_WAITING = "the session is not yet closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOutcome:
    """How a session ended, or was left."""

    session: Session | None  #: None: nothing was selected, and no session was written
    exit_code: int
    skipped: Counter[Skip] = field(default_factory=Counter)
    total: int = 0  #: phases in the source state when it began
    failure: BatchDrainError | None = None  #: what ended it early, to be told after the summary
    took: bool = True  #: False: nothing was left for it


def run_session(it: OpenSession) -> SessionOutcome:
    """Drain, and close the session whatever happens. Raises BatchDrainError for what ends it at once."""
    record, settings = it.record, it.request.settings
    shutdown, recorder = Shutdown(finish_current=settings.finish_current), Recorder(record, it.screen)
    with shutdown.watch():
        try:
            _announce(it, recorder)
            with open_drain(it, recorder, shutdown) as drain:
                drain.run(it.retries)
            _close(it, drain, shutdown)
        except BaseException as error:
            _close_after(record, error)
            raise
        finally:
            it.screen.end()
            it.project.store.database.on_retry = None
            record.close()
    code, failure = shutdown.exit_code, drain.stops.failure or drain.claimer.refused
    if code is None:
        code = failure.exit_code if failure else exit_code(record.session, settings, orphaned=bool(drain.orphaned))
    return SessionOutcome(
        session=record.session,
        exit_code=code,
        skipped=it.backlog.skipped,
        total=it.backlog.total,
        failure=failure,
        took=drain.executed > 0,
    )


def _announce(it: OpenSession, recorder: Recorder) -> None:
    """The session is on disk, in the ledger and on the screen before its first phase."""
    session, store = it.record.session, it.project.store
    _keep_head(it.project, session)
    it.record.save()
    store.database.on_retry = recorder.database_retried
    done = len(session.results)
    opening = Opening(
        session_id=session.session_id,
        database=f"{store.where}: {describe_counts(store.read_run_counts())}",
        state=it.request.state.value,
        target=None if it.most is None else done + min(it.most, it.backlog.waiting),
        done=done,
        workers=it.request.settings.workers,
        run_id=it.request.filters.run_id,
    )
    recorder.begin(opening)
    for back in it.recovered:
        recorder.recovered(back)


def exit_code(session: Session, settings: Settings, *, orphaned: bool) -> int:
    """0, or 1 when some phase failed, or was `orphaned` and has no result; with a minimal rate only when the rate is below
    it, or when there is none for that reason."""
    rate = session.success_rate
    if settings.min_success_rate is not None and rate is not None:
        return 1 if rate < settings.min_success_rate else 0
    return 1 if session.total_failed or orphaned else 0


def _close(it: OpenSession, drain: Drain, shutdown: Shutdown) -> None:
    record, outage, stops = it.record, drain.finisher.outage, drain.stops
    left = sum(
        getattr(row, it.request.state.value) for row in outage.retry(it.project.store.read_run_counts, meanwhile=_WAITING)
    )
    skipped = it.backlog.skipped
    for skip, count in sorted(skipped.items()):
        if skip.rule not in {*ASKED_FOR, ATTEMPTED}:
            record.note(skip, count)
    accepted = sum(count for skip, count in skipped.items() if skip.rule == ACCEPTED)
    record.balance_count.weigh(left=left, accepted=accepted)
    narrowed = it.request.most is None or len(record.session.results) < it.request.most
    if shutdown.signal is not None:
        status, because = Status.INTERRUPTED, shutdown.name
    elif stops.failure is not None:
        status, because = Status.INTERRUPTED, str(stops.failure)
    elif stops.stopped is not None:
        status, because = Status.STOPPED, str(stops.stopped)
    elif drain.chooser.taken == it.most and narrowed:
        status, because = Status.INTERRUPTED, f"--batch-size {it.most} of this go is reached"
    else:
        status, because = Status.COMPLETE, None
    record.end(status, clock.now(), because)
    outage.retry(lambda: _keep_head(it.project, record.session), meanwhile=_WAITING)


def _close_after(record: SessionRecord, error: BaseException) -> None:
    """Keep what is known, whatever failed; the error itself is raised further."""
    session = record.session
    if session.status is Status.RUNNING:
        try:
            record.end(Status.INTERRUPTED, clock.now(), str(error) or type(error).__name__)
        except BatchDrainError as second:
            error.add_note(str(second))


def _keep_head(project: Project, session: Session) -> None:
    """The session's intent in the ledger, so that its file can be rebuilt."""
    head = dumps(session.model_dump(mode="json", exclude={"results"}))
    project.store.ledger.write_meta(
        project.store.database, f"{SESSION}{session.session_id}/{session.session_uid}", head.decode()
    )
