"""A session is drained: it is announced, its drain is composed and runs, and it is closed, whatever happens."""

from __future__ import annotations

from batchdrain.database.run_counts import describe_reading
from batchdrain.drain.ambiguous_rows import ambiguity_of
from batchdrain.drain.close import close_after, close_session, exit_code, keep_head
from batchdrain.drain.compose import open_drain
from batchdrain.drain.liveness import describe_recovered
from batchdrain.drain.loop import Drain
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.presence import Presence
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.screen import Opening
from batchdrain.drain.session_outcome import SessionOutcome
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.errors import BatchDrainError
from batchdrain.sessions.record import SessionRecord

__all__ = ["SessionOutcome", "run_session"]


def run_session(it: OpenSession) -> SessionOutcome:
    """Drain, and close the session whatever happens. Raises BatchDrainError for what ends it at once."""
    record, settings = it.record, it.request.settings
    shutdown, recorder = Shutdown(finish_current=settings.finish_current), Recorder(record, it.screen)
    presence = Presence(it, shutdown)
    with shutdown.watch():
        try:
            _announce(it, recorder, presence)
            with open_drain(it, recorder, presence) as drain:
                drain.run(it.retries)
            try:
                close_session(it, drain, shutdown)
                drain.finisher.outage.retry(presence.end, meanwhile="its row in the ledger says that it runs")
            except BatchDrainError as error:  # what was done is summarised all the same
                _leave(record, presence, drain.stops.failure or error)
                drain.stops.fail(error)
        except BaseException as error:
            _leave(record, presence, error)
            raise
        finally:
            it.screen.end()
            it.project.store.database.on_retry = None
            record.close()
    code, failure = shutdown.exit_code, _find_failure(it, drain)
    if code is None:
        code = failure.exit_code if failure else exit_code(record.session, settings, orphaned=bool(drain.orphaned))
    return SessionOutcome(
        session=record.session,
        exit_code=code,
        skipped=it.backlog.skipped,
        total=it.backlog.total,
        failure=failure,
        took=drain.executed,
        phases=drain.chooser.taken,
        orphaned=bool(drain.orphaned),
        was_signalled=shutdown.signal is not None,
        gone_by=shutdown.gone_by(settings.command.grace_s),
        asked=presence.asked,
    )


def _find_failure(it: OpenSession, drain: Drain) -> BatchDrainError | None:
    """What is told of it as an error."""
    failure = drain.stops.failure or drain.finisher.refused or drain.claimer.refused
    if failure is None and not it.backlog.waiting:
        return ambiguity_of(it.backlog.skipped)
    return failure


def _leave(record: SessionRecord, presence: Presence, error: BaseException) -> None:
    close_after(record, error)
    presence.end_after(error)


def _announce(it: OpenSession, recorder: Recorder, presence: Presence) -> None:
    """The session is on disk, in the ledger and on the screen before its first phase."""
    session, store = it.record.session, it.project.store
    keep_head(it.project, session)
    it.record.save()
    presence.begin()
    for back in it.recovered:
        recorder.claim_recovered(back)
    store.database.silence.close()
    store.database.on_retry = recorder.database_retried
    done = len(session.results)
    opening = Opening(
        session_id=session.session_id,
        database=f"{store.where}: {describe_reading(store.read_run_counts(), {it.request.state.value: it.backlog.total})}",
        state=it.request.state.value,
        target=None if it.most is None else done + min(it.most, it.backlog.waiting),
        done=done,
        workers=it.request.settings.workers,
        run_id=it.request.filters.run_id,
        forecast=None if session.forecast is None or done else session.forecast.forecast,
        group=it.request.group,
        root=it.project.root,
    )
    recorder.begin(opening)
    if it.asked is not None:
        recorder.notice(f"{it.asked.ask.effect}, {it.asked}")
    for back in it.recovered:
        recorder.notice(describe_recovered(back))
