"""Looks at a drain while it runs. May be asked from any thread: it reads only memory, and changes nothing."""

from __future__ import annotations

from time import monotonic
from typing import Final

from batchdrain.drain.budget import Budget
from batchdrain.drain.chooser import Chooser
from batchdrain.drain.in_flight import Running
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.presence import Presence
from batchdrain.drain.services import Services
from batchdrain.drain.snapshot import RunningPhase, Snapshot
from batchdrain.drain.stops import Stops
from batchdrain.drain.workers import Workers
from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.model.retry_stats import NOTHING, RetryCount
from batchdrain.planning.eta import Remaining, estimate, expected_s
from batchdrain.runtime import clock
from batchdrain.sessions.session import Kind

_SETTLED_S: Final = 2.0
"""Once all commands have run for this many seconds and no other began, their runs do not let more run side by side."""


class Observer:
    """Observes one drain from its first phase on."""

    def __init__(self, it: OpenSession, services: Services, chooser: Chooser, workers: Workers, stops: Stops) -> None:
        """The backlog must just have been read."""
        self._it = it
        self._services = services
        self._chooser = chooser
        self._workers = workers
        self._stops = stops
        self._interval_s = 60 / per_minute if (per_minute := it.request.settings.command.runs_per_minute) else 0.0
        counts = it.record.counts
        self._before = len(it.record.session.results)
        self._left_behind = counts.waiting - sum(1 for retry in it.retries if retry.is_retry)
        is_failed = it.request.kind is Kind.FAILED  # how long retries of failed phases took says nothing of queued ones
        self._before_it = it.backlog.look_ahead(0, clock.now()).stats.overall if is_failed else NOTHING
        self._budget = Budget.of_session(it)

    def look(self, presence: Presence) -> Snapshot:
        """A snapshot of now. `presence`: that of the session."""
        session, running = self._it.record.session, self._workers.running
        is_ending, chooser = self._stops.is_over, self._chooser
        retries = max(0, self._it.record.counts.waiting - self._left_behind)
        again = min(retries, sum(1 for one in running if one.scheduled.is_retry))
        ok, processed = session.total_success, session.total_processed
        waiting = 0 if is_ending else chooser.waiting
        return Snapshot(
            processed=processed,
            succeeded=ok,
            failed=max(0, processed - ok),
            retries_waiting=retries - again,
            retries_running=again,
            target=max(processed, self._before + chooser.taken + chooser.waiting),
            running=sorted(map(_describe, running), key=lambda one: (-one.elapsed_s, one.number)),
            eta=estimate(self._remaining(running, waiting, presence, is_ending=is_ending)),
            waits=presence.waits or self._describe_outage(),
            is_paused=presence.is_paused,
            is_ending=is_ending,
        )

    def _remaining(self, running: list[Running], pending: int, presence: Presence, *, is_ending: bool) -> Remaining:
        now, counts, breaker = monotonic(), self._it.record.counts, self._services.breaker
        spans = [(_elapsed_s(one), one.limit.seconds) for one in running]
        held_s = max(0.0, breaker.due - now if breaker.is_open else 0.0, self._services.pace.due - now)
        workers = self._it.request.settings.workers
        if pending and not held_s and running and min(elapsed_s for elapsed_s, _ in spans) > _SETTLED_S:
            workers = min(workers, len(running))
        workers += presence.others_workers  # the other drains of the group take the same phases
        places = len(counts.places)
        return Remaining(
            attempt_s=expected_s(self._known, counts.attempts, counts.attempts_s),
            pending=pending,
            tries=max(1.0, counts.attempts / places) if places else 1.0,
            running=spans,
            retries_s=() if is_ending else [max(0.0, due - now) for due in self._chooser.retries_due],
            workers=workers,
            held_s=held_s,
            interval_s=self._interval_s,
            left_s=max(0.0, self._budget.left_s(self._stops.progress.elapsed_s)),
            is_paused=self._stops.is_paused,
            in_outage=breaker.is_open,
        )

    @property
    def _known(self) -> RetryCount:
        """Attempts before this session: those on failures, or else those from which the time limits were learnt."""
        if self._before_it.tried:
            return self._before_it
        known = self._services.limits.known_s
        return RetryCount(len(known), len(known), sum(known), 0.0)

    def _describe_outage(self) -> str:
        breaker = self._services.breaker
        if not breaker.is_open:
            return ""
        left_s = breaker.due - monotonic()
        return f"an outage: one phase is tried in {left_s:.0f} s" if left_s > 0 else "an outage: one phase is tried"


def _describe(running: Running) -> RunningPhase:
    scheduled = running.scheduled
    return RunningPhase(
        number=scheduled.number,
        run_id=scheduled.choice.phase.run_id,
        phase_id=scheduled.choice.phase.phase_id,
        tries=scheduled.executions + 1,
        elapsed_s=_elapsed_s(running),
        limit_s=running.limit.seconds,
    )


def _elapsed_s(running: Running) -> float:
    return max(0.0, (boottime_ms() - running.claimed_ms) / 1000)
