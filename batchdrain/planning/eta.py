"""Estimates from durations when the rest of a drain will be done. Pure.

Running commands, waiting phases and retries are all taken to last as long as the mean of similar attempts. Stop conditions
that look at failures are not foreseen. The time limit after which nothing more begins is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.model.retry_stats import RetryCount

_STRENGTH: Final = 10
"""Attempts before this session count for at most this many attempts of the session."""
_OVERDUE: Final = 0.25
"""A command that has run for about the mean duration is expected to need this share of the mean more."""
_LEAST_S: Final = 1.0
_STEPS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Remaining:
    """The work that a drain has left. All times are in seconds from now."""

    attempt_s: float | None  #: how long an attempt is expected to take; None: unknown
    pending: int = 0  #: phases that have not begun yet
    tries: float = 1.0  #: the mean number of attempts for one phase
    running: Sequence[tuple[float, float]] = ()  #: for each running command, how long it has run and its time limit
    retries_s: Sequence[float] = ()  #: for each phase that waits for a retry, the time until the retry is due
    workers: int = 1  #: commands side by side
    held_s: float = 0.0  #: nothing begins before this
    interval_s: float = 0.0  #: the least time between the beginnings of two commands
    left_s: float = math.inf  #: nothing begins after this
    is_paused: bool = False  #: nothing begins until somebody resumes the drain
    in_outage: bool = False  #: something that the phases need is out of reach, for an unknown time


@dataclass(frozen=True, slots=True)
class Eta:
    """How long the rest of a drain takes."""

    seconds: float | None  #: never 0 while something is left; None: unknown
    is_least: bool = False  #: a lower bound: it takes longer if the outage lasts
    is_cut: bool = False  #: phases are left over, since the time limit of the drain ends first


def expected_s(before: RetryCount, count: int, seconds: float) -> float | None:
    """The expected seconds of one attempt; None if there was none yet. `before`: attempts before this session; `count`,
    `seconds`: the attempts of this session and their total duration."""
    weight = min(before.tried, _STRENGTH)
    if not weight + count:
        return None
    mean_s = (before.fixed_s + before.failed_s) / before.tried if before.tried else 0.0
    return (weight * mean_s + seconds) / (weight + count)


def estimate(left: Remaining) -> Eta:
    """Estimate when the last command ends."""
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
    """When the last waiting phase begins, and when it ends; in seconds from now."""
    waiting = left.pending + len(left.retries_s)
    mean_s = attempt_s * (left.pending * left.tries + len(left.retries_s)) / waiting
    workers = max(1, left.workers)
    free_s = sorted((*ends_s, *[0.0] * (workers - len(ends_s))))[:workers]
    done_s = _makespan([max(left.held_s, one) for one in free_s], waiting, mean_s)
    done_s = max(done_s, left.held_s + (waiting - 1) * left.interval_s + mean_s)
    done_s = max(done_s, max(left.retries_s, default=0.0) + attempt_s)
    return done_s - min(mean_s, attempt_s), done_s


def _makespan(free_s: Sequence[float], jobs: int, job_s: float) -> float:
    """When `jobs` jobs of equal length are done by workers that become free at `free_s`."""
    low, high = min(free_s), max(free_s) + math.ceil(jobs / len(free_s)) * job_s
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if sum(max(0, math.floor((middle - one) / job_s + 1e-9)) for one in free_s) >= jobs:
            high = middle
        else:
            low = middle
    return high


def _still_s(elapsed_s: float, limit_s: float, attempt_s: float) -> float:
    """How much longer a command will run: never longer than its time limit allows."""
    return max(_LEAST_S, min(limit_s - elapsed_s, max(attempt_s - elapsed_s, attempt_s * _OVERDUE)))
