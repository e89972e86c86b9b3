"""A drain as it would go if the phases did what was drawn for them: with its batch, its workers, its retries, and the stop
conditions that look at time, failures and timeouts. Nothing is executed.

What a session learns on its way is not imagined: a policy that learns would order the rest anew. Nor are metrics, canaries,
and a command that begins to fail in one new way whatever the phase.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random
from typing import Final, NamedTuple

from batchdrain.config.settings import Settings
from batchdrain.planning.retry_model import Drawn
from batchdrain.planning.stop import Progress, cluster_stop, run_stop, session_stop

_RETRIED: Final = "transient"


class _Again(NamedTuple):
    """A phase that is executed again, in the order in which that is due."""

    due_s: float
    number: int
    executions: int
    drawn: Drawn


class ImaginedDrain:
    """One drain, from its start to its end."""

    def __init__(self, settings: Settings, most: int, dice: Random, progress: Progress) -> None:
        """`most`: phases that it takes; `progress`: what was before it in its chain."""
        self._settings, self._stop = settings, settings.stop
        self._left = most
        self._dice = dice
        self._timeouts, self._repeats = Counter(progress.timeouts), Counter(progress.repeats)
        self._progress = replace(progress, timeouts=self._timeouts, repeats=self._repeats)
        self._may_stop = bool(self._stop.max_total_minutes or self._stop.max_consecutive_failures or self._stop.success_floor)
        self._retries: list[_Again] = []
        self._number = 0  # of retries: none compares what was drawn
        self.fixed = 0  #: phases
        self.ended_s = 0.0  #: when the last command ended, from the start on

    def run(self, phases: Iterator[Drawn]) -> None:
        """`phases`: in the order of the drain; those behind its batch follow where others are parked."""
        free, busy_until, turn_s = [0.0] * self._settings.workers, dict[str, float](), 0.0
        interval_s = 60 / per_minute if (per_minute := self._settings.command.runs_per_minute) else 0.0
        while not self._is_over(now := free[0]):
            again = self._take(phases, now)
            if again is None:
                break
            run_id = again.drawn.of.phase.run_id
            begins_s = max(now, again.due_s, busy_until.get(run_id, 0.0), turn_s)
            turn_s = begins_s + interval_s
            busy_until[run_id] = ends_s = self._execute(again, begins_s)
            heapq.heapreplace(free, ends_s)

    def _take(self, phases: Iterator[Drawn], now: float) -> _Again | None:
        """A retry that is due, else the next phase, else the retry that is due next."""
        if self._left and not (self._retries and self._retries[0].due_s <= now):
            drawn = next((drawn for drawn in phases if self._may_take(drawn)), None)
            if drawn is not None:
                self._left -= 1
                return _Again(0.0, 0, 0, drawn)
        return heapq.heappop(self._retries) if self._retries else None

    def _may_take(self, drawn: Drawn) -> bool:
        phase = drawn.of.phase
        if run_stop(phase.run_id, self._progress, self._stop) is not None:
            return False
        return cluster_stop(phase.failure.fingerprint, self._progress, self._stop) is None

    def _is_over(self, now: float) -> bool:
        if not self._may_stop:
            return False
        return session_stop(replace(self._progress, elapsed_s=self._progress.elapsed_s + now), self._stop) is not None

    def _execute(self, again: _Again, begins_s: float) -> float:
        """When it ends."""
        drawn, retry = again.drawn, self._settings.retry
        is_fixed = self._dice.random() < drawn.chance
        ends_s = begins_s + (drawn.fixed_s if is_fixed else drawn.failed_s)
        self.ended_s = max(self.ended_s, ends_s)
        has_timed_out = not is_fixed and drawn.failed_s >= drawn.of.limit_s
        executions = again.executions + 1
        is_retried = not is_fixed and not has_timed_out and drawn.of.phase.category == _RETRIED
        if is_retried and executions < retry.max_attempts:
            waits_s = min(retry.max_s, retry.initial_s * 2.0 ** (executions - 1)) / 2  # the mean of the full jitter
            self._number += 1
            heapq.heappush(self._retries, _Again(ends_s + waits_s, self._number, executions, drawn))
        else:
            self._count(drawn, is_fixed=is_fixed, has_timed_out=has_timed_out)
        return ends_s

    def _count(self, drawn: Drawn, *, is_fixed: bool, has_timed_out: bool) -> None:
        """A result. One that failed is taken to have failed as before, and one that timed out in a way of its own."""
        phase, progress = drawn.of.phase, self._progress
        self.fixed += is_fixed
        self._timeouts[phase.run_id] += has_timed_out
        if not is_fixed and not has_timed_out:
            self._repeats[phase.failure.fingerprint] += 1
        if self._may_stop:
            self._progress = replace(
                progress,
                results=progress.results + 1,
                successes=progress.successes + is_fixed,
                consecutive_failures=0 if is_fixed else progress.consecutive_failures + 1,
            )
