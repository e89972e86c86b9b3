"""Simulates a drain whose phases do what was drawn for them. Its batch, workers, pace, retries, pauses in an outage and stop
conditions are those of a real one. Nothing is executed.

What a session learns on the way is not simulated: a policy that learns would reorder the rest. Metrics, and commands that ask
for more time, are not simulated either.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final, NamedTuple

from batchdrain.config.settings import Settings
from batchdrain.planning.failing_anew import FailingInOneDraw, Way
from batchdrain.planning.imagined_results import ImaginedResult, ImaginedResults
from batchdrain.planning.ready_queue import ReadyQueue
from batchdrain.planning.retry_model import Drawn
from batchdrain.planning.stop import Progress
from batchdrain.planning.transient_outage import TransientOutage

_RETRIED: Final = "transient"
_PROBES: Final = 50
"""How often a phase that was given back in an outage is tried again before the outage is taken to last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """How a simulated drain begins."""

    settings: Settings
    most: int  #: how many phases it takes
    progress: Progress  #: what its chain has done before
    first_failure_ends: bool = False


class _Execution(NamedTuple):
    """A phase that is to be executed. Executions are ordered by the time they are due, then by number."""

    due_s: float
    number: int
    drawn: Drawn
    failed_so: Way
    executions: int = 0

    @property
    def run_id(self) -> str:
        return self.drawn.of.phase.run_id


class _Running(NamedTuple):
    ends_s: float
    number: int
    tried: _Execution
    is_fixed: bool


class ImaginedDrain:
    """One simulated drain, from start to end."""

    def __init__(self, beginning: Beginning, phases: Iterator[Drawn], failing: FailingInOneDraw, dice: Random) -> None:
        """`phases`: in the order of the drain. Those behind its batch move up when others are left out."""
        settings = beginning.settings
        self._phases = phases
        self._failing = failing
        self._dice = dice
        self._retry, self._workers, self._patience_s = settings.retry, settings.workers, settings.patience.outage_s
        self._interval_s = 60 / per_minute if (per_minute := settings.command.runs_per_minute) else 0.0
        self._left = beginning.most
        self._results = ImaginedResults(settings.stop, beginning.progress, first_failure_ends=beginning.first_failure_ends)
        self._outage = TransientOutage(settings.retry)
        self._numbers = count()
        self._now_s = self._turn_s = 0.0
        self._running: list[_Running] = []
        self._busy, self._side_by_side = set[str](), Counter[str]()
        self._new, self._due = ReadyQueue[_Execution](), ReadyQueue[_Execution]()
        self._retries: list[_Execution] = []
        self._probes = 0
        self.ended_s = 0.0  #: when the last command ended, in seconds since the start

    @property
    def fixed(self) -> int:
        """How many phases were fixed."""
        return self._results.fixed

    def run(self) -> None:
        """Simulate the drain to its end."""
        while True:
            while self._may_begin() and (tried := self._choose()) is not None:
                self._begin(tried)
            ends_s = self._running[0].ends_s if self._running else math.inf
            self._now_s = min(ends_s, self._wakes_s())
            if self._now_s == math.inf:
                return
            if ends_s <= self._now_s:
                self._end(heapq.heappop(self._running))

    def _may_begin(self) -> bool:
        if self._turn_s > self._now_s or self._results.is_over(self._now_s):
            return False
        return len(self._running) < self._outage.permits(self._workers, self._now_s)

    def _wakes_s(self) -> float:
        """The next time at which something may begin even if no command ends before."""
        if self._results.is_over(self._now_s) or len(self._running) >= self._workers:
            return math.inf
        waits = [self._turn_s, self._outage.due_s if self._outage.is_open else 0.0]
        if self._retries:
            waits.append(self._retries[0].due_s)
        return min((wait_s for wait_s in waits if wait_s > self._now_s), default=math.inf)

    def _choose(self) -> _Execution | None:
        """A retry that is due, else the next new phase. While an outage is suspected the new phase goes first."""
        if not self._outage.is_suspect and (again := self._choose_retry()) is not None:
            return again
        return self._choose_new() or self._choose_retry()

    def _choose_retry(self) -> _Execution | None:
        while self._retries and self._retries[0].due_s <= self._now_s:
            self._due.put(heapq.heappop(self._retries))
        while (tried := self._due.pop()) is not None and tried.run_id in self._busy:
            self._due.put_aside(tried, tried.run_id)
        return tried

    def _choose_new(self) -> _Execution | None:
        while self._left and (tried := self._new.pop() or self._draw()) is not None:
            if tried.run_id in self._busy:
                self._new.put_aside(tried, tried.run_id)
            elif not self._results.may_take(tried.drawn.of.phase):
                self._free(tried)
            elif self._is_full(tried):
                self._new.put_aside(tried, (tried.failed_so.fingerprint,))
                self._new.free(tried.run_id)
            else:
                self._left -= 1
                return tried
        return None

    def _draw(self) -> _Execution | None:
        if (drawn := next(self._phases, None)) is None:
            return None
        failure = drawn.of.phase.failure
        return _Execution(0.0, next(self._numbers), drawn, Way(failure.fingerprint, failure.category))

    def _is_full(self, tried: _Execution) -> bool:
        """Whether as many phases of its cluster are running as its canaries permit."""
        room = self._results.room_of(tried.drawn.of)
        return room is not None and self._side_by_side[tried.failed_so.fingerprint] >= room

    def _free(self, tried: _Execution) -> None:
        """Let the phases begin that were waiting for this one."""
        self._due.free(tried.run_id)
        self._new.free(tried.run_id)
        for _ in range(self._results.room_of(tried.drawn.of) or 1):
            self._new.free((tried.failed_so.fingerprint,))

    def _begin(self, tried: _Execution) -> None:
        drawn = tried.drawn
        is_fixed = self._dice.random() < drawn.chance
        ends_s = self._now_s + (drawn.fixed_s if is_fixed else drawn.failed_s)
        self._busy.add(tried.run_id)
        self._side_by_side[tried.failed_so.fingerprint] += 1
        self._turn_s = self._now_s + self._interval_s
        heapq.heappush(self._running, _Running(ends_s, next(self._numbers), tried, is_fixed))

    def _end(self, running: _Running) -> None:
        tried = running.tried
        self.ended_s = self._now_s
        self._busy.discard(tried.run_id)
        self._side_by_side[tried.failed_so.fingerprint] -= 1
        self._judge(tried, is_fixed=running.is_fixed)
        self._free(tried)

    def _judge(self, tried: _Execution, *, is_fixed: bool) -> None:
        """Judge a result as a real drain does. It is counted unless the phase is tried again."""
        of, now_s = tried.drawn.of, self._now_s
        has_timed_out = not is_fixed and tried.drawn.failed_s >= of.limit_s
        after = None if is_fixed else of.timed_out if has_timed_out else self._failing.fail(tried.failed_so)
        is_transient = after is not None and not has_timed_out and after.category == _RETRIED
        may_retry, was_open = not self._results.is_over(now_s), self._outage.is_open
        begins_pause = self._outage.note(of.phase.key, now_s, is_transient=is_transient) is not None
        lasts = begins_pause and self._lasts(now_s)
        if may_retry and was_open and is_transient:  # it is given back, uncounted
            self._probes += 1
            heapq.heappush(self._retries, tried._replace(due_s=self._outage.due_s, number=next(self._numbers)))
        elif may_retry and is_transient and after is not None and tried.executions + 1 < self._retry.max_attempts:
            self._try_again(tried, after)
            return
        else:
            is_of_outage = is_transient and bool(self._retry.outage_after)
            self._results.note(ImaginedResult(of, tried.failed_so, after, now_s, has_timed_out, is_of_outage))
        if lasts:
            self._results.end()

    def _lasts(self, now_s: float) -> bool:
        """Whether the outage has lasted longer than a drain waits."""
        return self._outage.lasts_s(now_s) > self._patience_s or self._probes > _PROBES

    def _try_again(self, tried: _Execution, after: Way) -> None:
        """Schedule a retry after a random wait (full jitter)."""
        wait_s = self._dice.random() * min(self._retry.max_s, self._retry.initial_s * 2.0**tried.executions)
        again = _Execution(self._now_s + wait_s, next(self._numbers), tried.drawn, after, tried.executions + 1)
        heapq.heappush(self._retries, again)
