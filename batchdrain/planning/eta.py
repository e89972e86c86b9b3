"""When what is left of a drain is done, as far as durations tell. Pure.

Everything is taken to last as long as its equals did in the mean: commands that run, phases that wait, retries. A stop
condition that looks at failures is not foreseen; the time after which nothing is begun is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.model.retry_stats import RetryCount

_STRENGTH: Final = 10
"""For how many attempts of this session those before it count, at most."""
_OVERDUE: Final = 0.25
"""Of the mean: what a command may still take that has run for about so long."""
_LEAST_S: Final = 1.0
_STEPS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """What a drain has before it, as of now. All times in seconds from now."""

    attempt_s: float | None  #: that an attempt is expected to take; None: nobody knows
    pending: int = 0  #: phases that are still to be begun
    tries: float = 1.0  #: attempts that a phase comes to, in the mean
    running: Sequence[tuple[float, float]] = ()  #: of each command that runs: for how long, and its time limit
    retries_s: Sequence[float] = ()  #: of each phase that waits to be tried again: until that is due
    workers: int = 1  #: commands side by side
    held_s: float = 0.0  #: nothing is begun before
    interval_s: float = 0.0  #: at least so much lies between two beginnings
    left_s: float = math.inf  #: nothing is begun after
    is_paused: bool = False  #: nothing is begun until somebody asks for it
    in_outage: bool = False  #: what the phases need is out of reach, nobody knows how long


@dataclass(frozen=True, slots=True)
class Eta:
    """How long it takes."""

    seconds: float | None  #: never 0 while something is left; None: nobody knows
    is_least: bool = False  #: it takes longer where an outage lasts
    is_cut: bool = False  #: phases are left then: the time is over in which they may be begun


def expected_s(before: RetryCount, count: int, seconds: float) -> float | None:
    """Seconds of one attempt; None where there was none. `before`: attempts before this session; `count`, `seconds`: its own."""
    weight = min(before.tried, _STRENGTH)
    if not weight + count:
        return None
    mean_s = (before.fixed_s + before.failed_s) / before.tried if before.tried else 0.0
    return (weight * mean_s + seconds) / (weight + count)


def estimate(left: Remaining) -> Eta:
    """When the last command ends."""
    waiting = left.pending + len(left.retries_s)
    if not waiting and not left.running:
        return Eta(0.0)
    if left.attempt_s is None or (left.is_paused and waiting):
        return Eta(None)
    attempt_s = max(0.001, left.attempt_s)
    ends_s = [_still_s(elapsed_s, limit_s, attempt_s) for elapsed_s, limit_s in left.running]
    last_s = max(ends_s, default=0.0)
    if not waiting:
        return Eta(max(_LEAST_S, last_s))
    begun_s, done_s = _schedule(left, ends_s, attempt_s)
    if begun_s > left.left_s:
        return Eta(max(_LEAST_S, last_s, left.left_s + attempt_s), is_cut=True)
    return Eta(max(_LEAST_S, last_s, done_s), is_least=left.in_outage)


def _schedule(left: Remaining, ends_s: Sequence[float], attempt_s: float) -> tuple[float, float]:
    """When the last of what waits begins, and when it ends."""
    waiting = left.pending + len(left.retries_s)
    mean_s = attempt_s * (left.pending * left.tries + len(left.retries_s)) / waiting
    workers = max(1, left.workers)
    free_s = sorted((*ends_s, *[0.0] * (workers - len(ends_s))))[:workers]
    done_s = _makespan([max(left.held_s, one) for one in free_s], waiting, mean_s)
    done_s = max(done_s, left.held_s + (waiting - 1) * left.interval_s + mean_s)
    done_s = max(done_s, max(left.retries_s, default=0.0) + attempt_s)
    return done_s - min(mean_s, attempt_s), done_s


def _makespan(free_s: Sequence[float], jobs: int, job_s: float) -> float:
    """When so many jobs of equal length are done, by workers who are free from then on."""
    low, high = min(free_s), max(free_s) + math.ceil(jobs / len(free_s)) * job_s
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if sum(max(0, math.floor((middle - one) / job_s + 1e-9)) for one in free_s) >= jobs:
            high = middle
        else:
            low = middle
    return high


def _still_s(elapsed_s: float, limit_s: float, attempt_s: float) -> float:
    """How long a command still runs: never longer than its limit allows."""
    return max(_LEAST_S, min(limit_s - elapsed_s, max(attempt_s - elapsed_s, attempt_s * _OVERDUE)))
