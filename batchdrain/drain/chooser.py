"""Chooses the next phase: a retry that is due, or the best one of the backlog, as far as budget, outage and canaries permit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from time import monotonic
from typing import Final

from batchdrain.drain.budget import Budget
from batchdrain.drain.circuit_breaker import CircuitBreaker
from batchdrain.drain.place_numbers import PlaceNumbers
from batchdrain.drain.refresh import Refresh
from batchdrain.drain.retry_queue import RetryQueue
from batchdrain.drain.stops import Stops
from batchdrain.drain.triage.lookahead import TriageLookahead
from batchdrain.drain.workers import Workers
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.planning.backlog import Backlog
from batchdrain.runtime import clock
from batchdrain.runtime.signals import Cut
from batchdrain.runtime.standard_streams import keep_standard_streams

_READ_ON_S: Final = 0.1


class Chooser:
    """Chooses phases for the drain loop. A signal that comes while foreign code chooses ends that choice; whoever asks `stops` sees
    it."""

    def __init__(
        self,
        backlog: Backlog,
        refresh: Refresh,
        lookahead: TriageLookahead,
        budget: Budget,
        breaker: CircuitBreaker,
        stops: Stops,
    ) -> None:
        self._backlog = backlog
        self._refresh = refresh
        self._lookahead = lookahead
        self._budget = budget
        self._breaker = breaker
        self._stops = stops
        self._retries = RetryQueue()
        self._put_off: ScheduledAttempt | None = None
        self._numbers = PlaceNumbers()
        self.taken = 0  #: phases taken, not counting retries
        self._read_when_taken = 0
        self._results_since = False  # whether results came since the last reading that was made at once
        self._is_closed = False
        self._permitted = 1  # at the last look: what held phases back then may be over by now
        self._awaits_reading = False  # no phase waits, and it is too soon to read again

    def begin(self, retries: Iterable[ScheduledAttempt]) -> None:
        """Begin to choose. `retries`: the phases that the session had left to be tried again."""
        self._retries = RetryQueue(retries)
        self._numbers = PlaceNumbers(self._stops.results)
        with contextlib.suppress(Cut):
            self._refresh.tell()

    @property
    def left(self) -> int | None:
        """How many phases may still be taken; None: all there are."""
        return 0 if self._is_closed else self._budget.left(self.taken)

    @property
    def waiting(self) -> int:
        """How many phases are still to begin, as far as is known. May be called from any thread."""
        left, waits = self.left, self._backlog.waiting
        is_put_off = self._put_off is not None and not self._put_off.is_retry
        return is_put_off + (waits if left is None else min(left, waits))

    @property
    def retries_due(self) -> list[float]:
        """When each waiting retry may begin (monotonic, seconds). May be called from any thread."""
        return self._retries.due()

    @property
    def has_retries(self) -> bool:
        """Whether any phase waits to be tried again."""
        return bool(len(self._retries)) or (self._put_off is not None and self._put_off.is_retry)

    @property
    def permits(self) -> int:
        """How many phases may be held side by side now."""
        self._permitted = (
            0 if self._stops.is_paused or not self._budget.is_due else self._breaker.permits(self._budget.workers)
        )
        return self._permitted

    def look_ahead(self) -> None:
        """Have the phases that probably come next diagnosed."""
        if not self._breaker.is_open:  # a diagnosis may need what the phases need, and that is away
            self._lookahead.submit(self.left)

    def next(self, workers: Workers) -> ScheduledAttempt | None:
        """Choose the next phase; None if nothing is to begin now. Raises DatabaseUnavailable, ConfigError."""
        try:
            with keep_standard_streams():  # policies may be foreign code
                is_over = self._stops.is_ending()
                if not is_over and self._stops.is_paused:  # the look above may just have heard a request to pause
                    self._permitted = 0
                return None if is_over or self._stops.is_paused else self._pick(workers)
        except Cut:
            return None

    def cancel_diagnosis(self, scheduled: ScheduledAttempt) -> None:
        """Cancel the diagnosis of a phase that is about to be executed."""
        self._lookahead.cancel(scheduled.choice.phase.key)

    def take_back(self, scheduled: ScheduledAttempt) -> None:
        """Undo the choice of a phase that was not executed: another phase may take its place."""
        if not scheduled.is_retry:
            self.taken -= 1
            self._numbers.give_back(scheduled.number)

    def put_off(self, scheduled: ScheduledAttempt, wait_s: float) -> None:
        """Keep a phase that was taken back, and choose it before any other in `wait_s` seconds."""
        self._put_off = scheduled
        self._budget.put_off(wait_s)

    def close(self) -> None:
        """Take no other phase until the next result, or until a phase has gone back to the backlog."""
        self._is_closed = True

    def try_again(self, retry: ScheduledAttempt) -> None:
        """Queue a retry until it is due and nothing of its run is held. It does not count as taken."""
        self._retries.push(retry)

    def learn(self, recorded: Attempt) -> None:
        """Learn from a result: the lanes that it concerns are ranked anew."""
        self._results_since, self._is_closed = True, False
        with contextlib.suppress(Cut):
            self._backlog.touch(recorded.phase.run_id, clock.now(), recorded)

    def look_again(self) -> None:
        """Look for phases again, because one went back to the backlog: another reading may find it."""
        self._results_since, self._is_closed = True, False

    def awaits_time(self) -> bool:
        """Whether something will start later: a retry, or any phase at all once the pause of an outage is over."""
        if self._stops.is_ending():
            return False
        waits = self._put_off is not None or (self.left != 0 and bool(self._backlog.waiting))
        return bool(len(self._retries)) or (self._permitted == 0 and waits)

    def wait_s(self, workers: Workers) -> float | None:
        """Seconds to wait for the end of a command; None: there is nothing else to wait for. If a reading of the backlog is due, it
        goes on here, a little at a time, until a command has ended. Raises ConfigError for a bad policy."""
        until_s = self.until_next(workers)
        if workers.occupied < self._budget.workers and not self._stops.is_paused:
            self._budget.tell_wait()
        if self._stops.is_ending() or self.left == 0:
            self._refresh.abandon()
            return until_s
        if self._refresh.is_due:
            self._refresh.begin()
        if self._refresh.is_under_way:
            with contextlib.suppress(Cut), keep_standard_streams():
                self._read_on(workers.have_ended, _READ_ON_S if until_s is None else min(until_s, _READ_ON_S))
            return 0.0
        read_in_s = self._refresh.affordable_in_s if self._awaits_reading else self._refresh.due_in_s
        return read_in_s if until_s is None else min(until_s, read_in_s)

    def end(self) -> None:
        """End choosing, which frees the memory of the lanes for the counts that are made at the end of a session."""
        self._refresh.abandon()
        self._backlog.end()

    def _read_on(self, have_ended: Callable[[], bool], seconds: float) -> None:
        until = monotonic() + seconds
        while monotonic() < until and not self._stops.is_interrupted and (not have_ended() or self._refresh.may_step):
            if self._refresh.step():
                return

    def until_next(self, workers: Workers) -> float | None:
        """Seconds until something can start; None if only the end of a command can change that."""
        permits, now = self.permits, monotonic()
        if self._stops.is_interrupted or 0 < permits <= workers.occupied:
            return None
        if self._stops.is_paused:  # a request ends the wait
            return max(0.0, self._budget.left_s(self._stops.progress.elapsed_s))
        due = max(self._breaker.due, self._budget.due) if permits == 0 else None
        if due is None and len(self._retries):
            due = self._retries.first_due(workers.busy_runs)
        if due is None:
            return None
        return max(0.0, min(due - now, self._budget.left_s(self._stops.progress.elapsed_s)))

    def _pick(self, workers: Workers) -> ScheduledAttempt | None:
        if self._put_off is not None:
            scheduled, self._put_off = self._put_off, None
            if scheduled.is_retry:
                return scheduled
            self.taken += 1
            return replace(scheduled, number=self._numbers.draw())
        busy = workers.busy_runs
        if not self._breaker.is_suspect and (again := self._retries.pop(busy, monotonic())) is not None:
            return again
        return self._new(workers, busy) or self._retries.pop(busy, monotonic())

    def _new(self, workers: Workers, busy: set[str]) -> ScheduledAttempt | None:
        if self.left == 0:
            return None
        self._lookahead.apply()
        if self._budget.ends_batch(self.taken) and self._read_when_taken != self.taken:
            self._read_between_batches()
        choice = self._choose(workers, busy)
        if choice is None:
            return None
        self.taken += 1
        return ScheduledAttempt(0.0, self._numbers.draw(), choice)

    def _choose(self, workers: Workers, busy: set[str]) -> Choice | None:
        """Choose from the backlog. It is read again if a lane ran out, or once it seems to be empty."""
        backlog, self._awaits_reading = self._backlog, False
        while (choice := backlog.next(clock.now(), busy, self._stops.full_clusters(workers.side_by_side))) is None:
            if backlog.stale:
                self._refresh.refill()
                continue
            if backlog.waiting or not self._results_since:
                return None
            if len(workers) and (workers.have_ended() or not self._refresh.is_affordable):
                self._awaits_reading = True
                return None
            self._read()
            if not backlog.waiting:
                return None
        return choice

    def _read(self) -> None:
        self._refresh.read()
        self._read_when_taken, self._results_since = self.taken, False

    def _read_between_batches(self) -> None:
        """Read at once if that is quick, else begin to read in small steps."""
        if not self._refresh.is_affordable:
            return
        if self._backlog.read_s < _READ_ON_S:
            self._read()
        else:
            self._refresh.begin()
            self._read_when_taken = self.taken
