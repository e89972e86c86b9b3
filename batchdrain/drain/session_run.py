"""One go of a session: its parts are put together, it drains, its books are closed."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from batchdrain.config.categories import categoriser_of
from batchdrain.config.plugins import resolve_engine
from batchdrain.config.settings import Settings
from batchdrain.database.ledger.claims import Claims
from batchdrain.database.ledger.give_back import Recovered
from batchdrain.database.ledger.history import SESSION
from batchdrain.database.run_counts import describe_counts
from batchdrain.drain.circuit_breaker import CircuitBreaker
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.heartbeat import Heartbeat
from batchdrain.drain.in_flight import Parts
from batchdrain.drain.judge import Judge
from batchdrain.drain.loop import Drain
from batchdrain.drain.project import Project
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.recovery import recover, told, told_as_event
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Opening, Screen
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.triage.lookahead import lookahead_of
from batchdrain.execution.engines.protocol import capabilities_of
from batchdrain.model.claim import ScheduledAttempt
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import Skip
from batchdrain.planning.acceptances import ACCEPTED
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.filters import ASKED_FOR
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.skip_rules import ATTEMPTED
from batchdrain.runtime import clock
from batchdrain.runtime.signals import block_signals
from batchdrain.runtime.threads import require_room
from batchdrain.sessions.events import Event
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.render import dumps
from batchdrain.sessions.session import Session, Status

_OTHER_THREADS = 3
"""Beside the workers: heart, deadlines, saver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOutcome:
    """How a go ended."""

    session: Session | None  #: None: nothing was selected, and no session was written
    exit_code: int
    skipped: Counter[Skip] = field(default_factory=Counter)
    total: int = 0  #: phases in the source state when it began
    failure: BatchDrainError | None = None  #: what ended it early, to be told after the summary
    took: bool = True  #: False: nothing was left for it


def limits_for(project: Project, settings: Settings) -> TimeLimits:
    return TimeLimits(project.store.history.read_durations_s, settings.timeout, project.settings.run_type_of)


def run_session(
    project: Project,
    request: DrainRequest,
    record: SessionRecord,
    backlog: Backlog,
    screen: Screen,
    *,
    most: int | None,
    recovered: Sequence[Recovered] = (),
    retries: Iterable[ScheduledAttempt] = (),
) -> SessionOutcome:
    """Drain, and close the books whatever happens. `backlog`: read just now. `most`: phases to take at most now;
    `retries`: what an earlier go left to be tried again. Raises BatchDrainError for what ends it at once."""
    session, settings, shutdown = record.session, request.settings, Shutdown(finish_current=request.settings.finish_current)
    with shutdown.watch():
        try:
            _announce(project, request, record, screen, recovered, most=most, waiting=backlog.waiting)
            drain = _drained(project, request, record, backlog, screen, shutdown, most=most, retries=retries)
            _close(project, request, drain, narrower=most)
        except BaseException as error:
            _close_after(record, error)
            raise
        finally:
            screen.end()
            project.store.database.on_retry = None
            record.close()
    code, failure = shutdown.exit_code, drain.failure or drain.slots.refused
    if code is None:
        code = failure.exit_code if failure else exit_code(session, settings, orphaned=bool(drain.orphaned))
    return SessionOutcome(
        session=session,
        exit_code=code,
        skipped=backlog.skipped,
        total=backlog.total,
        failure=failure,
        took=drain.executed > 0,
    )


def _drained(
    project: Project,
    request: DrainRequest,
    record: SessionRecord,
    backlog: Backlog,
    screen: Screen,
    shutdown: Shutdown,
    *,
    most: int | None,
    retries: Iterable[ScheduledAttempt],
) -> Drain:
    """Put the parts together and let them run. Returns the drain as it ended."""
    settings = request.settings
    record.counts.metric = settings.stop.metric
    factory: Callable[..., Any] = resolve_engine(settings.engine)
    require_room(settings.workers + _OTHER_THREADS)
    gc.freeze()  # what is loaded by now stays: the collector need not look through it after every few phases
    recorder = Recorder(record, screen)
    beside = lookahead_of(project, request, record, backlog, recorder, shutdown)
    with factory(workers=settings.workers, settings=settings) as engine, beside as lookahead:
        claims = Claims(
            project.store,
            settings.command,
            record.session.session_uid or "",
            spool_dir=str(record.spool.absolute()),
        )
        shutdown.engine = capabilities = capabilities_of(engine)
        heartbeat = Heartbeat(claims, settings.lease, settings.command.grace_s, capabilities.pool)
        parts = Parts(
            settings=settings,
            record=record,
            backlog=backlog,
            claims=claims,
            heartbeat=heartbeat,
            lookahead=lookahead,
            outage=DatabaseOutage(settings.patience.outage_s, shutdown, recorder),
            breaker=CircuitBreaker(settings.retry),
            engine=engine,
            capabilities=capabilities,
            limits=limits_for(project, settings),
            recorder=recorder,
            shutdown=shutdown,
            categorise=categoriser_of(settings),
            run_type=cache(project.settings.run_type_of),
            judge=Judge(settings, project.store.redact, categoriser_of(settings)),
            row_state=project.store.read_row_state,
            recover=partial(recover, project),
            root=project.root,
            most=most,
            batch=request.batch,
            stop_on_first_failure=request.stop_on_first_failure,
        )
        drain = Drain(parts, retries)
        try:
            drain.run()
        finally:
            heartbeat.stop()
    return drain


def _announce(
    project: Project,
    request: DrainRequest,
    record: SessionRecord,
    screen: Screen,
    recovered: Sequence[Recovered],
    *,
    most: int | None,
    waiting: int,
) -> None:
    """The session is on disk, in the ledger and on the screen before its first phase."""
    session, events = record.session, record.events
    _keep_head(project, session)
    record.save()
    for back in recovered:
        told_as_event(events, back)
    project.store.database.on_retry = lambda error, tries: events.write(Event.DATABASE_RETRIED, error=error, tries=tries)
    opening = Opening(
        session_id=session.session_id,
        database=f"{project.store.where}: {describe_counts(project.store.read_run_counts())}",
        state=request.state.value,
        target=None if most is None else len(session.results) + min(most, waiting),
        done=len(session.results),
        workers=request.settings.workers,
        run_id=request.filters.run_id,
    )
    with block_signals():  # it may start a thread
        screen.begin(opening)
    for back in recovered:
        screen.notice(told(back))


def exit_code(session: Session, settings: Settings, *, orphaned: bool) -> int:
    """0, or 1 when some phase failed, or was `orphaned` and has no result; with a minimal rate only when the rate is below
    it, or when there is none for that reason."""
    rate = session.success_rate
    if settings.min_success_rate is not None and rate is not None:
        return 1 if rate < settings.min_success_rate else 0
    return 1 if session.total_failed or orphaned else 0


def _close(project: Project, request: DrainRequest, drain: Drain, *, narrower: int | None) -> None:
    record, shutdown, outage = drain.parts.record, drain.parts.shutdown, drain.parts.outage
    session, now, waiting = record.session, clock.now(), "the session is not yet closed"
    left = sum(getattr(row, request.state.value) for row in outage.retry(project.store.read_run_counts, meanwhile=waiting))
    skipped = drain.parts.backlog.skipped
    for skip, count in sorted(skipped.items()):
        if skip.rule not in {*ASKED_FOR, ATTEMPTED}:
            record.note(skip, count)
    accepted = sum(count for skip, count in skipped.items() if skip.rule == ACCEPTED)
    record.balance_count.weigh(left=left, accepted=accepted)
    if shutdown.signal is not None:
        record.end(Status.INTERRUPTED, now, shutdown.name)
    elif drain.failure is not None:
        record.end(Status.INTERRUPTED, now, str(drain.failure))
    elif drain.stopped is not None:
        record.end(Status.STOPPED, now, str(drain.stopped))
    elif drain.taken == narrower and (request.most is None or len(session.results) < request.most):
        record.end(Status.INTERRUPTED, now, f"--batch-size {narrower} of this go is reached")
    else:
        record.end(Status.COMPLETE, now)
    outage.retry(lambda: _keep_head(project, session), meanwhile=waiting)


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
