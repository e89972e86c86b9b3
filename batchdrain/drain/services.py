"""The services that last as long as a drain: its engine, its claims and their heartbeat, and its patience with what is away."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from batchdrain.database.ledger.claims import Claims
from batchdrain.drain.circuit_breaker import CircuitBreaker
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.engine.at_work import EngineAtWork, open_probed
from batchdrain.drain.engine.remote_heartbeat import RemoteHeartbeat, make_remote
from batchdrain.drain.heartbeat import Heartbeat
from batchdrain.drain.membership import Membership
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.pace import Pace
from batchdrain.drain.presence import Presence
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.table_watch import TableWatch
from batchdrain.planning.limits import TimeLimits
from batchdrain.runtime.threads import require_room

OTHER_THREADS: Final = ("heartbeat", "deadlines", "saver", "last-resort", "login", "login")
"""The threads besides the workers. Two of them may log in to the database at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services of a drain; they end with it."""

    executing: EngineAtWork
    remote: RemoteHeartbeat | None  #: the heartbeat, if workers elsewhere can hear from it
    claims: Claims
    heartbeat: Heartbeat
    outage: DatabaseOutage
    breaker: CircuitBreaker
    limits: TimeLimits
    membership: Membership
    watch: TableWatch
    pace: Pace


@contextmanager
def open_services(it: OpenSession, recorder: Recorder, presence: Presence) -> Iterator[Services]:
    """Open the services. Raises ConfigError, FilesUnavailable, EngineUnavailable."""
    settings, store, shutdown = it.request.settings, it.project.store, presence.shutdown
    require_room(settings.workers + len(OTHER_THREADS))
    gc.freeze()  # what is loaded by now stays, so the collector need not scan it again and again
    with open_probed(it, shutdown, recorder.notice) as found:
        has, delivery = found.capabilities, found.delivery
        session_uid, spool_dir = it.record.session.session_uid or "", str(it.record.spool.absolute())
        claims = Claims(store, settings.command, session_uid, spool_dir=spool_dir)
        remote = make_remote(claims, settings, has.tell, delivery, presence)
        heartbeat = remote or Heartbeat(claims, settings.lease, settings.command, has.pool, presence)
        shutdown.engine = has = has if remote is None else remote.interruptible(has)
        outage = DatabaseOutage(settings.patience.outage_s, shutdown, recorder.notice)
        pace = Pace(it, presence, recorder.notice)
        claims.turn = pace.turn
        try:
            yield Services(
                executing=replace(found, capabilities=has),
                remote=remote,
                claims=claims,
                heartbeat=heartbeat,
                outage=outage,
                breaker=CircuitBreaker(settings.retry),
                limits=it.project.limits_for(settings),
                membership=Membership(it.project, it.request, outage, it.record.counts),
                watch=TableWatch(store, recorder.notice),
                pace=pace,
            )
        finally:
            heartbeat.stop()
