"""Drains a session: it is announced, its drain is composed and runs, and it is closed, whatever happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from batchdrain.database.ledger.requests import FormerPart
from batchdrain.drain.announcement import announce
from batchdrain.drain.close import close_after, close_session
from batchdrain.drain.compose import open_drain
from batchdrain.drain.exit_code import find_exit_code, find_failure
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.presence import Presence
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.shutdown import Hurry, Shutdown
from batchdrain.model.asked import Asked
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import Skip
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOutcome:
    """How a session ended, or how it was left."""

    session: Session | None  #: None: nothing was selected, and no session was written
    exit_code: int
    skipped: Counter[Skip] = field(default_factory=Counter)
    total: int = 0  #: how many phases had the source state when it began
    failure: BatchDrainError | None = None  #: what ended it early; told after the summary
    took: int = 0  #: how many commands were started; 0: nothing was left for it
    phases: int = 0  #: how many new phases were taken
    orphaned: bool = False  #: whether a phase was given back and nobody knows what became of it
    was_signalled: bool = False
    because: str | None = None  #: why nothing was taken of what waits, if there is no session to say it
    asked: Asked | None = None  #: a request that holds for the chain's next part: a late stop, or a pause
    part: FormerPart | None = None  #: its row, from which the chain's next part takes over requests that were not heard
    without_effect: Sequence[str] = ()  #: requested options that changed nothing, if there is no session to say it
    gone_by: float | None = None  #: see Shutdown.gone_by


class LeftSession(NamedTuple):
    """A session that ended by an error which was raised; others may have to be notified."""

    session: Session
    gone_by: float | None  #: see Shutdown.gone_by


def run_session(it: OpenSession) -> SessionOutcome:
    """Drain a session, and close it whatever happens. Raises BatchDrainError for an error that ends it at once."""
    record, settings = it.record, it.request.settings
    shutdown, recorder = Shutdown(finish_current=settings.finish_current), Recorder(record, it.screen)
    presence = Presence(it, shutdown)
    with shutdown.watch():
        it.project.store.database.hurry = Hurry(shutdown)
        try:
            announce(it, recorder, presence)
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
            if isinstance(error, BatchDrainError):
                error.left = LeftSession(record.session, shutdown.gone_by(settings.command.grace_s))
            raise
        finally:
            it.screen.end()
            it.project.store.database.on_retry = it.project.store.database.hurry = None
            record.close()
    return SessionOutcome(
        session=record.session,
        exit_code=find_exit_code(it, drain, shutdown),
        skipped=it.backlog.skipped,
        total=it.backlog.total,
        failure=find_failure(it, drain),
        took=drain.executed,
        phases=drain.chooser.taken,
        orphaned=bool(drain.orphaned),
        was_signalled=shutdown.signal is not None,
        gone_by=shutdown.gone_by(settings.command.grace_s),
        asked=presence.asked,
        part=presence.part,
    )


def _leave(record: SessionRecord, presence: Presence, error: BaseException) -> None:
    close_after(record, error)
    presence.end_after(error)
