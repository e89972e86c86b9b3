"""Decides when a drain ends before its batch is full: by a signal, a request, a stop condition or a failure. Also tells which runs
and clusters a result stops."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container
from time import monotonic
from typing import Final

from batchdrain.drain.circuit_breaker import is_transient
from batchdrain.drain.known_failures import KnownFailures
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.presence import Presence
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.shutdown import Shutdown
from batchdrain.model.attempt import Attempt
from batchdrain.model.errors import BatchDrainError
from batchdrain.model.phase import Skip
from batchdrain.planning.failure_row import describe_before
from batchdrain.planning.stop import SAME_NEW_FAILURE, Progress, canary_room, cluster_stop, run_stop, session_stop
from batchdrain.sessions.session import AskedOf, Session

FULL: Final = Skip("session is full", "its file nears the 64 MB that are read; `inv drain` continues in a new session")
FIRST_FAILURE: Final = "--stop-on-first-failure"
BY_REQUEST: Final = "inv stop"
_HEARD_WITHIN_S: Final = 0.5


def is_idle_stop(stop: Skip, session: Session) -> bool:
    """Whether a stop condition holds nothing back once nothing is left. Not for a command that seems broken, which is always
    reported, nor for the first failure in a chain, which may hold back its next part."""
    return stop.rule != SAME_NEW_FAILURE and (session.chain_uid is None or stop.rule != FIRST_FAILURE)


class Stops:
    """Collects the reasons to end. Afterwards `stopped` and `failure` tell why the drain ended; the first of each counts."""

    def __init__(self, it: OpenSession, recorder: Recorder, shutdown: Shutdown, presence: Presence | None = None) -> None:
        """`presence`: brings requests from elsewhere; None: there are none."""
        self._stop = it.request.settings.stop
        self._outage_after = it.request.settings.retry.outage_after
        self._on_first_failure = it.request.stop_on_first_failure
        self._less = it.less
        self._record = it.record
        self._backlog = it.backlog
        self._known = KnownFailures.of_session(it)
        self._recorder = recorder
        self._shutdown = shutdown
        self._presence = presence
        self.stopped: Skip | None = None
        self.left: Skip | None = None  #: what this call was to take is taken, but the session is not over
        self.failure: BatchDrainError | None = None

    @property
    def progress(self) -> Progress:
        """The session's progress now."""
        return self._record.progress()

    @property
    def results(self) -> int:
        """How many results the session has so far."""
        return len(self._record.session.results)

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal came."""
        return self._shutdown.signal is not None

    @property
    def signals(self) -> tuple[int, int | None]:
        """How many signals came, and the number of the first one."""
        return self._shutdown.count, self._shutdown.signal

    @property
    def asked(self) -> str | None:
        """Who ended it at once from elsewhere, and why, for people; None if nobody did."""
        return self._shutdown.asked

    def note_held(self) -> None:
        """Note that something stays held. The engine may wait for its end for ever."""
        self._shutdown.leaves_held = True

    def wait(self, seconds: float) -> None:
        """Wait this many seconds, or until a signal or a request comes."""
        until = monotonic() + seconds
        while not self.has_news and (left_s := until - monotonic()) > 0:
            if self._shutdown.wake.wait(min(left_s, _HEARD_WITHIN_S)):
                return

    @property
    def is_over(self) -> bool:
        """Whether it is known already that nothing more begins. May be called from any thread."""
        return self.is_interrupted or self.stopped is not None or self.left is not None or self.failure is not None

    def is_ending(self) -> bool:
        """Whether nothing more is to begin. Checks requests and stop conditions first."""
        self._hear()
        if self.is_over:
            return True
        self.left = self._less.find_end()
        self.stopped = session_stop(self.progress, self._stop) or (FULL if self._record.is_full else None)
        return self.stopped is not None or self.left is not None

    @property
    def has_news(self) -> bool:
        """Whether there is a request from elsewhere that was not acted on yet."""
        return self._presence is not None and self._presence.has_news

    @property
    def is_paused(self) -> bool:
        """Whether somebody has asked that nothing begins for now."""
        return self._presence is not None and self._presence.is_paused

    def _hear(self) -> None:
        """Act on requests from elsewhere. A request that ends commands at once has already done so."""
        while self._presence is not None and (asked := self._presence.take()) is not None:
            self._presence.apply(asked)
            self._record.note_asked(AskedOf.of(asked))
            self._recorder.notice(f"{asked.ask.effect}, {asked}")
            if asked.ask.ends:
                self.left = self.left or Skip(BY_REQUEST, str(asked))

    def stop(self, skip: Skip | None) -> None:
        """Begin nothing more, because of a stop condition. None changes nothing."""
        self.stopped = self.stopped or skip

    def fail(self, failure: BatchDrainError | None) -> None:
        """Begin nothing more, and end the session with this error. None changes nothing."""
        self.failure = self.failure or failure

    def full_clusters(self, running: Callable[[], Counter[str]]) -> Container[str]:
        """The big clusters of which as many phases run as their canaries permit. `running`: the running phases by fingerprint."""
        if not self._stop.canary:
            return frozenset()
        canaries = self.progress.canaries
        return {
            fingerprint
            for fingerprint, count in running().items()
            if self._is_big(fingerprint) and count >= canary_room(canaries.get(fingerprint, 0))
        }

    def note(self, attempt: Attempt, *, waits: bool) -> None:
        """Take account of a result, and tell of the runs and clusters that it stops. `waits`: whether the phase will be tried
        again."""
        self._note_row(attempt, waits=waits)
        set_out_from, run_id = attempt.phase.failure.fingerprint, attempt.phase.run_id
        if self._stop.canary and set_out_from and not waits and self._is_big(set_out_from):
            self._record.counts.note_canary(set_out_from, alive=attempt.success)
        if not attempt.success and not waits and (accepted := self._known.skip_of(attempt)) is not None:
            self._recorder.notice(f"{attempt.phase.key} failed in a known way, {accepted}")
        progress = self.progress
        by_run = run_stop(run_id, progress, self._stop)
        if by_run is not None:
            self._recorder.run_stopped(run_id, by_run)
        for cluster in () if attempt.success else dict.fromkeys((attempt.fingerprint, set_out_from)):
            parked = cluster_stop(cluster, progress, self._stop)
            if parked is not None:
                self._recorder.skipped(
                    parked, f"Parking every phase that failed the same way: {parked}", count=None, keep=False
                )
        if self._on_first_failure and not attempt.success and not waits:
            self.stop(Skip(FIRST_FAILURE, str(attempt.phase.key)))

    def _note_row(self, attempt: Attempt, *, waits: bool) -> None:
        """Count a failure in the row of failures. One that will be tried again does not count yet, and one that may come from an
        outage has its own pause."""
        if waits:
            return
        if self._outage_after and is_transient(attempt):
            self._record.counts.row.clear()
        else:
            self._record.counts.row.add("" if attempt.success else attempt.fingerprint, describe_before(attempt.phase))

    def _is_big(self, fingerprint: str) -> bool:
        """Whether a cluster is big. Phases without a reason have nothing in common, so they are not one."""
        return bool(fingerprint) and self._backlog.size_of(fingerprint) >= self._stop.canary_size
