"""The loop: choose, claim, execute, judge, finish, record. One controller, one session, one go.

Whatever ends it (an empty backlog, a full batch, a stop condition, a signal, an error), every claim is finished or given
back. Where the database is out of reach for that, the claim stays, and the next command's recovery gives it back.
"""

from __future__ import annotations

import contextlib
import heapq
from collections.abc import Container, Iterable
from time import monotonic

from batchdrain.drain.finish import Conclusion, conclude
from batchdrain.drain.in_flight import Ended, Parts
from batchdrain.drain.workers import Workers
from batchdrain.model.claim import Choice, ScheduledAttempt
from batchdrain.model.errors import BatchDrainError, DatabaseUnavailable
from batchdrain.model.phase import PhaseKey, Skip
from batchdrain.planning.filters import ASKED_FOR
from batchdrain.planning.skip_rules import ATTEMPTED, PLAN, by_rule
from batchdrain.planning.stop import canary_room, session_stop
from batchdrain.runtime import clock
from batchdrain.runtime.signals import Cut


class Drain:
    """One go. `stopped` and `failure` tell afterwards why it ended before the batch was full."""

    def __init__(self, parts: Parts, retries: Iterable[ScheduledAttempt] = ()) -> None:
        """`retries`: phases that an earlier go of the session left to be tried again."""
        self.parts = parts
        self.slots = Workers(parts)
        self.retries = list(retries)
        self.taken = 0
        self.executed = 0  #: commands that were started
        self.stopped: Skip | None = None
        self.failure: BatchDrainError | None = None
        self.orphaned: set[PhaseKey] = set()  #: given back, not known what became of them, and without a result since
        self._read_at = 0.0
        self._recovered_at = monotonic()
        self._read_when_taken = -1
        self._results_since = False

    def run(self) -> None:
        """Drain until there is nothing left to take; the supply was read just now. Raises BatchDrainError for what ends
        it at once."""
        heapq.heapify(self.retries)
        try:
            with contextlib.suppress(Cut):  # the loop sees the signal
                self._read(fresh=True)
            while self._fill() or len(self.slots) or self._awaits_time():
                if not self.parts.breaker.is_open:  # what the phases need, a diagnosis may need too
                    self.parts.lookahead.submit(self._left())
                self.parts.recorder.settle()
                for ended in self.slots.ended(self._until_next()):
                    self._conclude(ended)
            self._heed_locked_out()
            self.parts.recorder.settle()
        except BaseException:
            self._give_back()
            raise

    def _heed_locked_out(self) -> None:
        """A session is not complete while it passed phases over for the moment alone."""
        if self.slots.locked_out and self._left() != 0 and not self._is_ending():
            self.failure = DatabaseUnavailable(
                f"{len(self.slots.locked_out)} phases were passed over, as somebody has their rows locked",
                remedy="`inv resume` goes on with them",
            )

    def _fill(self) -> bool:
        """A phase into every free slot. Returns whether any was started."""
        started = False
        while len(self.slots) < self._allowed and (scheduled := self._pick()) is not None:
            self.parts.recorder.selected(scheduled)
            self.parts.lookahead.cancel(scheduled.choice.phase.key)
            if self.slots.start(scheduled):
                started = True
                self.executed += self.slots.failure is None
            else:
                self.taken -= not scheduled.is_retry
        return started

    def _pick(self) -> ScheduledAttempt | None:
        try:
            return None if self._is_ending() else self._picked()
        except Cut:
            return None

    def _picked(self) -> ScheduledAttempt | None:
        busy = self.slots.busy_runs
        if not self.parts.breaker.is_suspect and (again := self._due(busy)) is not None:
            return again
        return self._new(busy) or self._due(busy)

    def _due(self, busy: set[str]) -> ScheduledAttempt | None:
        """The retry that waits longest since its time came, of a run that is not `busy`."""
        aside, found, now = list[ScheduledAttempt](), None, monotonic()
        while found is None and self.retries and self.retries[0].due <= now:
            scheduled = heapq.heappop(self.retries)
            if scheduled.run_id in busy:
                aside.append(scheduled)
            else:
                found = scheduled
        for scheduled in aside:
            heapq.heappush(self.retries, scheduled)
        return found

    def _new(self, busy: set[str]) -> ScheduledAttempt | None:
        if self._left() == 0:
            return None
        self.parts.lookahead.apply()
        if monotonic() - self._read_at >= self.parts.settings.refresh_s or self._begins_batch():
            self._read()
        choice = self._next(busy)
        if choice is None:
            return None
        self.taken += 1
        return ScheduledAttempt(0.0, len(self.parts.record.session.results) + len(self.slots) + 1, choice)

    def _next(self, busy: set[str]) -> Choice | None:
        """The planner's next phase. The backlog is read again where a lane ran out, or once it seems empty."""
        backlog = self.parts.backlog
        while (choice := backlog.next(clock.now(), busy, self._full())) is None:
            if not backlog.stale and (backlog.waiting or not self._results_since):
                return None
            self._read()
            if not backlog.waiting:
                return None
        return choice

    def _full(self) -> Container[str]:
        """The big clusters of which as many phases run as their canaries allow."""
        stop, progress, backlog = self.parts.settings.stop, self.parts.record.progress(), self.parts.backlog
        if not stop.canary:
            return frozenset()
        return {
            mark
            for mark, running in self.slots.side_by_side().items()
            if backlog.size_of(mark) >= stop.canary_size and running >= canary_room(progress.canaries.get(mark, 0))
        }

    @property
    def _allowed(self) -> int:
        return self.parts.breaker.slots(self.parts.settings.workers)

    def _read(self, *, fresh: bool = False) -> None:
        self.parts.recorder.settle()
        if not fresh:
            self.parts.outage.retry(self._look, meanwhile="nothing is claimed")
        self.parts.limits.forget()
        self._read_at, self._read_when_taken, self._results_since = monotonic(), self.taken, False
        new = {
            skip: count
            for skip, count in sorted(self.parts.backlog.skipped.items())
            if skip.rule != ATTEMPTED
            and self.parts.recorder.skipped(skip, None, count=count, keep=skip.rule not in ASKED_FOR)
        }
        for pattern in self.parts.categorise.slow:
            slow = Skip("categories", f"{pattern!r} took too long on a failure text and is left out; mend it")
            self.parts.recorder.skipped(slow, str(slow), count=0, keep=False)
        for skip in (skip for skip in new if skip.rule == PLAN):
            self.parts.recorder.notice(str(skip))
        quiet = ASKED_FOR | {PLAN}
        for rule, count, values in by_rule({skip: count for skip, count in new.items() if skip.rule not in quiet}):
            self.parts.recorder.notice(f"{count} skipped by {rule}: {values}")

    def _look(self) -> None:
        """Read the backlog; before it, from time to time, give back what other controllers left when they died."""
        if monotonic() - self._recovered_at >= self.parts.settings.lease.ttl_s:
            for back in self.parts.recover():
                self.parts.recorder.recovered(back)
            self._recovered_at = monotonic()
        self.parts.backlog.refresh(clock.now())

    def _left(self) -> int | None:
        """Phases that this go may still take; None: all there are."""
        return None if self.parts.most is None else max(0, self.parts.most - self.taken)

    def _begins_batch(self) -> bool:
        batch = self.parts.batch
        return bool(batch) and self.taken % (batch or 1) == 0 and self._read_when_taken != self.taken

    def _is_ending(self) -> bool:
        self.failure = self.failure or self.slots.failure
        if self.parts.shutdown.signal is not None or self.stopped is not None or self.failure is not None:
            return True
        self.stopped = session_stop(self.parts.record.progress(), self.parts.settings.stop)
        return self.stopped is not None

    def _awaits_time(self) -> bool:
        """Whether something will start later: a retry, or anything at all once an outage's pause is over."""
        if self._is_ending():
            return False
        return bool(self.retries) or (self._allowed == 0 and self._left() != 0 and bool(self.parts.backlog.waiting))

    def _until_next(self) -> float | None:
        """Seconds until something can start; None where only the end of a command matters."""
        allowed, now = self._allowed, monotonic()
        if self.parts.shutdown.signal is not None or 0 < allowed <= len(self.slots):
            return None
        due = self.parts.breaker.due if allowed == 0 else None
        if due is None and self.retries:
            busy = self.slots.busy_runs
            due = min((scheduled.due for scheduled in self.retries if scheduled.run_id not in busy), default=None)
        if due is None:
            return None
        minutes = self.parts.settings.stop.max_total_minutes
        left_s = minutes * 60 - self.parts.record.progress().elapsed_s if minutes else float("inf")
        return max(0.0, min(due - now, left_s))

    def _conclude(self, ended: Ended) -> None:
        conclusion = conclude(self.parts, ended, may_retry=not self._is_ending())
        self._note(conclusion, ended.running.scheduled)

    def _note(self, conclusion: Conclusion, scheduled: ScheduledAttempt) -> None:
        if conclusion.postponed is not None:
            self.slots.postpone(conclusion.postponed)
            return
        if conclusion.orphaned:
            self.orphaned.add(scheduled.choice.phase.key)
        elif conclusion.counted:
            self.orphaned.discard(scheduled.choice.phase.key)
        self._results_since = self._results_since or conclusion.counted or conclusion.waits_again
        if not conclusion.counted and not scheduled.is_retry and conclusion.retry is None:
            self.taken -= 1
        if conclusion.retry is not None:
            heapq.heappush(self.retries, conclusion.retry)
        self.stopped = self.stopped or conclusion.stop
        self.failure = self.failure or conclusion.failure

    def _give_back(self) -> None:
        for ended in self.slots.end_all():
            with contextlib.suppress(BatchDrainError):  # the first error is the one that is told
                conclude(self.parts, ended, may_retry=False)
        with contextlib.suppress(BatchDrainError):
            self.parts.recorder.settle()
