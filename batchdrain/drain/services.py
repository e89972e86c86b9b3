"""What lasts as long as a drain: its engine, its claims and their heartbeat, and its patience with what is away."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from batchdrain.config.plugins import resolve_engine
from batchdrain.config.settings import Settings
from batchdrain.database.ledger.claims import Claims
from batchdrain.drain.circuit_breaker import CircuitBreaker
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.heartbeat import Heartbeat
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.project import Project
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution.engines.protocol import Capabilities, Engine, capabilities_of
from batchdrain.planning.limits import TimeLimits
from batchdrain.runtime.threads import require_room

OTHER_THREADS: Final = ("heartbeat", "deadlines", "saver", "last-resort", "login", "login")
"""Beside the workers. Two threads of ours may log in at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Ended with the drain."""

    engine: Engine
    capabilities: Capabilities  #: of the engine
    claims: Claims
    heartbeat: Heartbeat
    outage: DatabaseOutage
    breaker: CircuitBreaker
    limits: TimeLimits


@contextmanager
def open_services(it: OpenSession, recorder: Recorder, shutdown: Shutdown) -> Iterator[Services]:
    """Raises ConfigError, FilesUnavailable."""
    settings, store = it.request.settings, it.project.store
    factory: Callable[..., Any] = resolve_engine(settings.engine)
    require_room(settings.workers + len(OTHER_THREADS))
    gc.freeze()  # what is loaded by now stays: the collector need not look through it after every few phases
    with factory(workers=settings.workers, settings=settings) as engine:
        shutdown.engine = capabilities = capabilities_of(engine)
        session_uid, spool_dir = it.record.session.session_uid or "", str(it.record.spool.absolute())
        claims = Claims(store, settings.command, session_uid, spool_dir=spool_dir)
        heartbeat = Heartbeat(claims, settings.lease, settings.command, capabilities.pool)
        try:
            yield Services(
                engine=engine,
                capabilities=capabilities,
                claims=claims,
                heartbeat=heartbeat,
                outage=DatabaseOutage(settings.patience.outage_s, shutdown, recorder.notice),
                breaker=CircuitBreaker(settings.retry),
                limits=limits_for(it.project, settings),
            )
        finally:
            heartbeat.stop()


def limits_for(project: Project, settings: Settings) -> TimeLimits:
    """The time limits of phases. `settings`: the session's own."""
    return TimeLimits(project.store.history.read_durations_s, settings.timeout, project.settings.run_type_of)
