"""What is measured of a replay, and how sure the means over the seeds are."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.simulator.replay import Executed

GENEROUS: Final = 1.5
"""The budget: so many times the time in which the oracle mends everything that can be mended."""
RESAMPLES: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One replay within its budget."""

    per_hour: float  #: phases fixed per hour of execution
    wasted: float  #: executions of phases that no retry mends
    area: float  #: under fixed-over-time, as a part of the oracle's
    quarter: float  #: phases fixed in the first quarter of the budget
    fixed: float  #: phases fixed within the budget


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A mean over seeds, and between which bounds it lies with 95 %."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        digits = 2 if abs(self.mean) < 10 else 0
        return f"{self.mean:.{digits}f} ({self.low:.{digits}f}-{self.high:.{digits}f})"


def measured(executed: Sequence[Executed], oracle: Sequence[Executed], budget_s: float) -> Measured:
    within = [found for found in executed if found.ended_s <= budget_s]
    fixed = sum(found.fixed for found in within)
    hours = sum(found.took_s for found in within) / 3600
    return Measured(
        per_hour=fixed / hours if hours else 0.0,
        wasted=sum(found.hopeless for found in within),
        area=_area(within, budget_s) / (_area(oracle, budget_s) or 1.0),
        quarter=sum(found.fixed for found in within if found.ended_s <= budget_s / 4),
        fixed=fixed,
    )


def mean_of(values: Sequence[float]) -> Estimate:
    return _bootstrapped([(value, 1.0) for value in values])


def ratio_of(ours: Sequence[float], theirs: Sequence[float]) -> Estimate:
    """The ratio of the means; ours and theirs belong together, seed by seed."""
    return _bootstrapped(list(zip(ours, theirs, strict=True)))


def _bootstrapped(pairs: Sequence[tuple[float, float]]) -> Estimate:
    """The percentile bootstrap over the seeds, with dice of its own: the same values give the same bounds."""
    dice = random.Random(0)
    found = sorted(_ratio(dice.choices(pairs, k=len(pairs))) for _ in range(RESAMPLES))
    return Estimate(mean=_ratio(pairs), low=found[int(0.025 * RESAMPLES)], high=found[int(0.975 * RESAMPLES) - 1])


def _ratio(pairs: Sequence[tuple[float, float]]) -> float:
    below = sum(pair[1] for pair in pairs)
    return sum(pair[0] for pair in pairs) / below if below else 0.0


def _area(executed: Sequence[Executed], budget_s: float) -> float:
    return sum(budget_s - found.ended_s for found in executed if found.fixed and found.ended_s <= budget_s)
