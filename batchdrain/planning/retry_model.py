"""Models the next attempt on each of some phases from the ledger's counts: its chance to complete, and its seconds.

The chances are unknown, so they are drawn again and again. Each draw takes one plausible value for all phases together, for a
category, for a cluster and for a run. So whatever phases share goes wrong for all of them at once, as it does in a real
drain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from random import Random
from typing import Final, NamedTuple

from batchdrain.model.claim import TimeLimit
from batchdrain.model.failure import Failure
from batchdrain.model.phase import Phase
from batchdrain.model.retry_stats import NOTHING, RetryCount, RetryStats
from batchdrain.planning.alike import ClusterStrength
from batchdrain.planning.failing_anew import Way
from batchdrain.planning.outlook import Outlook
from batchdrain.planning.rates import draw_rate

OF_CATEGORY: Final = 4.0
"""How many attempts the rate of all counts is worth in the rate of a category."""
OF_RUN: Final = 8.0
OF_PHASE: Final = 8.0
RUN_SPREAD: Final = 0.3
"""The spread between runs that would otherwise have the same chance, in log odds."""
OF_SECONDS: Final = 1.0
"""How many attempts the mean of the wider group is worth in the mean of a narrower one."""
SPREAD: Final = 0.6
OF_SPREAD: Final = 1.0
"""How many durations SPREAD is worth. SPREAD is the assumed spread of durations in the logarithm."""
FAILS_SPREAD: Final = 1.0
_WITHIN: Final = 0.7
PRIOR: Final = 0.3
OFF: Final = 0.4
_UNSEEN: Final = 0.3
_EDGE: Final = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is expected of one phase before chance comes in."""

    phase: Phase
    cluster: str  #: phases of one cluster fail alike; a phase without a reason has a cluster of its own
    run_odds: float  #: how much better its run is than others, a factor on the odds
    fixed_s: float  #: mean duration of an attempt that completes
    failed_s: float  #: mean duration of one that fails, before the time limit cuts it
    limit_s: float
    timed_out: Way  #: how it fails if it exceeds its time limit
    run_type: str
    is_canary: bool  #: its cluster is big enough that canaries are sent ahead


class Drawn(NamedTuple):
    """One phase in one draw."""

    of: Expected
    chance: float
    fixed_s: float
    failed_s: float


class RetryModel:
    """The model for the phases of one outlook."""

    def __init__(
        self, outlook: Outlook, limit: Callable[[Phase], TimeLimit], spread: float = SPREAD, canary_size: int = 0
    ) -> None:
        """`limit`: the time limit of a phase; `spread`: the spread of durations, in the logarithm; `canary_size`: a cluster
        of at least this many phases is big; 0: none is."""
        self._stats: RetryStats = outlook.stats
        self._run_type = outlook.run_type
        self._limit = limit
        self._timed_out = cache(_fail_by_time)
        self._is_big: Callable[[str], bool] = lambda name: bool(name) and 0 < canary_size <= outlook.size_of(name)
        self._spread = spread
        self._strength = ClusterStrength((one.fixed, one.tried) for one in outlook.stats.fingerprints.values())
        overall = self._stats.overall
        self._fixed_s = overall.fixed_s / overall.fixed if overall.fixed else _mean_s(overall)
        self._failed_s = overall.failed_s / overall.failed if overall.failed else _mean_s(overall)
        self.expected: Sequence[Expected] = [self._expect(phase, number) for number, phase in enumerate(outlook.phases)]

    def draw(self, dice: Random) -> Iterator[Drawn]:
        """Draw plausible chances and durations for each phase, in order. Each is drawn when it is asked for."""
        stats, gauss, exp = self._stats, dice.gauss, math.exp
        strength = self._strength.draw(dice)
        dilution = 1 + self._others / (strength + 1)
        overall = draw_rate(dice, *_hits(stats.overall), PRIOR, 1.0, dilution)
        rates, runs = dict[tuple[str, bool], float](), dict[str, tuple[float, float]]()
        clusters, paces, fates = dict[str, tuple[float, float]](), dict[str, float](), dict[str, float]()
        within, fails = self._spread * _WITHIN, self._spread * FAILS_SPREAD
        off = exp(gauss(0, OFF * self._spread))
        for one in self.expected:
            phase = one.phase
            fingerprint = phase.failure.fingerprint
            if (group := (phase.category, bool(fingerprint))) not in rates:
                of_category = stats.categories.get(phase.category, NOTHING)
                rates[group] = draw_rate(dice, *_hits(of_category), overall, OF_CATEGORY, dilution if fingerprint else 1.0)
            if one.cluster not in clusters:
                counts = stats.of_fingerprint(fingerprint)
                chance = draw_rate(dice, *_hits(counts), rates[group], strength)
                clusters[one.cluster] = chance / (1 - chance), _draw_factor(dice, fails / math.sqrt(1 + counts.failed))
            if one.run_type not in paces:
                paces[one.run_type] = _draw_factor(
                    dice, self._spread / math.sqrt(_UNSEEN + self._of_type(one.run_type).fixed)
                )
            if phase.category not in fates:
                failed = stats.categories.get(phase.category, NOTHING).failed
                fates[phase.category] = _draw_factor(dice, fails / math.sqrt(_UNSEEN + failed))
            if phase.run_id not in runs:
                runs[phase.run_id] = self._draw_run(dice, one)
            (odds, slow), (luck, speed) = clusters[one.cluster], runs[phase.run_id]
            odds, speed = odds * luck, speed * off * paces[one.run_type]
            yield Drawn(
                one,
                odds / (1 + odds) * OF_PHASE / (OF_PHASE + phase.attempts),
                min(one.limit_s, one.fixed_s * speed * exp(gauss(0, within))),
                min(one.limit_s, one.failed_s * speed * slow * fates[phase.category] * exp(gauss(0, fails * _WITHIN))),
            )

    def _draw_run(self, dice: Random, one: Expected) -> tuple[float, float]:
        """Draw the factor by which the odds of a run are better than others, and the factor by which it is slower."""
        known = self._stats.runs.get(one.phase.run_id, NOTHING).fixed
        odds = one.run_odds * math.exp(dice.gauss(0, RUN_SPREAD))
        return odds, _draw_factor(dice, self._spread * _WITHIN / math.sqrt(1 + known))

    @cached_property
    def _others(self) -> float:
        """The mean number of further attempts on the cluster of an attempt. By the design effect of L. Kish ('Survey
        Sampling', 1965), attempts on few clusters tell less than as many on phases with nothing in common."""
        counts = [count.tried for count in self._stats.fingerprints.values()]
        return max(0.0, sum(counts) / len(counts) - 1) if counts else 0.0

    def _of_type(self, run_type: str) -> RetryCount:
        return self._stats.run_types.get(run_type[:191], NOTHING)

    def _expect(self, phase: Phase, number: int) -> Expected:
        stats, limit = self._stats, self._limit(phase)
        limit_s = limit.seconds
        run_type, run = self._run_type(phase.run_id), stats.runs.get(phase.run_id, NOTHING)
        of_type = self._of_type(run_type)
        pace_of_type = _shrink(of_type.fixed_s, of_type.fixed, self._fixed_s)
        fixed_s = _shrink(run.fixed_s, run.fixed, pace_of_type)
        category, cluster = stats.categories.get(phase.category, NOTHING), stats.of_fingerprint(phase.failure.fingerprint)
        failed_s = limit_s if phase.category == "timeout" else self._failed_s
        failed_s = _shrink(category.failed_s, category.failed, failed_s)
        failed_s = _shrink(cluster.failed_s, cluster.failed, failed_s)
        if phase.category != "timeout":
            failed_s *= fixed_s / max(_EDGE, self._fixed_s)
        rate = (stats.overall.fixed + 1) / (stats.overall.tried + 2)
        run_rate = (run.fixed + OF_RUN * rate) / (run.tried + OF_RUN)
        return Expected(
            phase=phase,
            cluster=phase.failure.fingerprint or f"without a reason {number}",
            run_odds=_odds(run_rate) / _odds(rate),
            fixed_s=fixed_s,
            failed_s=failed_s,
            limit_s=limit_s,
            timed_out=self._timed_out(limit.reason),
            run_type=run_type,
            is_canary=self._is_big(phase.failure.fingerprint),
        )


def _hits(counts: RetryCount) -> tuple[int, int]:
    return counts.fixed, counts.failed


def _fail_by_time(reason: str) -> Way:
    return Way(Failure(reason, "timeout").fingerprint, "timeout")


def spread_of(durations_s: Iterable[Sequence[float]]) -> float:
    """The spread of durations within their groups, in the logarithm: the pooled standard deviation, with SPREAD as the
    prior."""
    squares, free = OF_SPREAD * SPREAD * SPREAD, OF_SPREAD
    for group in durations_s:
        logs = [math.log(max(_EDGE, seconds)) for seconds in group]
        mean = sum(logs) / len(logs) if logs else 0.0
        squares += sum((one - mean) ** 2 for one in logs)
        free += max(0, len(logs) - 1)
    return math.sqrt(squares / free)


def _mean_s(counts: RetryCount) -> float:
    return (counts.fixed_s + counts.failed_s) / max(1, counts.tried)


def _shrink(seconds: float, count: int, towards: float) -> float:
    if not count:
        return towards
    known, wider = math.log(max(_EDGE, seconds / count)), math.log(max(_EDGE, towards))
    return math.exp((count * known + OF_SECONDS * wider) / (count + OF_SECONDS))


def _odds(rate: float) -> float:
    rate = min(1 - _EDGE, max(_EDGE, rate))
    return rate / (1 - rate)


def _draw_factor(dice: Random, spread: float) -> float:
    """Draw a log-normal factor with mean 1."""
    return math.exp(dice.gauss(-spread * spread / 2, spread))
