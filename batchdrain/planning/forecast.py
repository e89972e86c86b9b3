"""Forecasts a drain before it begins: phases fixed and minutes, each with an interval in which 80 % of drains end. Pure,
except that durations for the time limits are read when they are needed.

The ledger tells what retries did in each category, cluster, run and run type, and how they failed again. From these counts
plausible chances for the planned phases are drawn (retry_model, failing_anew), and the drain is imagined with them
(imagined_drain), some hundred times. The seed of the random numbers is constant: the same plan and the same ledger give the
same words.

There is no forecast
- for queued phases, since retries of failed phases say nothing about them;
- unless the ledger has ENOUGH attempts in the category of more than half of the planned phases: with fewer, the interval
  would be about as wide as the batch;
- for a drain that may take more than LARGEST phases: the cost must not grow with the backlog, and the first phases of an
  order say little about its last ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, TypeVar

from batchdrain.config.settings import Settings
from batchdrain.model.phase import Phase
from batchdrain.model.retry_stats import NOTHING
from batchdrain.model.states import PhaseState
from batchdrain.planning.failing_anew import FailingAnew
from batchdrain.planning.imagined_drain import Beginning, ImaginedDrain
from batchdrain.planning.limits import TimeLimits
from batchdrain.planning.outlook import Outlook
from batchdrain.planning.retry_model import RetryModel, spread_of
from batchdrain.planning.stop import Progress

ENOUGH: Final = 20
"""From this many attempts on phases that failed in a category, the category counts as known."""
LARGEST: Final = 500
"""Drains of more phases than this get no forecast."""
_BEHIND: Final = 50
"""At least this many phases behind the batch are looked at, or as many as the batch has: they move up when others are
parked."""
_DRAWS: Final = 200
_FEWEST_DRAWS: Final = 100
_STEPS: Final = 20_000
"""The number of draws is lowered so that all draws together stay below this many phases, but never below _FEWEST_DRAWS."""
_OUTSIDE: Final = 0.1
"""The share of the draws outside the interval, on either side."""
NOTHING_BEFORE: Final = Progress()
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Medians of the draws; `low` and `high` are the bounds of 80 % intervals."""

    planned: int  #: phases that the drain takes, if nothing ends it sooner
    fixed: int
    fixed_low: int
    fixed_high: int
    minutes: float  #: wall-clock time, with all workers
    minutes_low: float
    minutes_high: float


def to_look_at(most: int | None) -> int:
    """How many phases of the backlog to look at for a drain of at most `most` phases; None: no limit."""
    return LARGEST if most is None or most > LARGEST else most + max(most, _BEHIND)


def make_forecast(
    outlook: Outlook,
    settings: Settings,
    limits: TimeLimits,
    *,
    most: int | None,
    progress: Progress = NOTHING_BEFORE,
    first_failure_ends: bool = False,
) -> Forecast | None:
    """Forecast a drain. None if nothing can be said about it. Raises DatabaseUnavailable.

    `outlook`: covers the first `to_look_at` phases. `most`: how many phases the drain may take, None: no limit. `progress`:
    what its chain has done before. `first_failure_ends`: take nothing more after a failure.
    """
    planned = outlook.waiting if most is None else min(most, outlook.waiting)
    if planned > LARGEST or not _knows(outlook, outlook.phases[:planned]):
        return None
    runs = {outlook.run_type(phase.run_id): phase.run_id for phase in outlook.phases}
    spread = spread_of(limits.completed_s(run_id) for run_id in runs.values())
    canary_size = settings.stop.canary_size if settings.stop.canary else 0
    model, failing = RetryModel(outlook, limits.of, spread, canary_size), FailingAnew(outlook.stats)
    beginning = Beginning(settings=settings, most=planned, progress=progress, first_failure_ends=first_failure_ends)
    dice = Random(0)  # noqa: S311 - no secret
    fixed, minutes = list[int](), list[float]()
    for _ in range(max(_FEWEST_DRAWS, min(_DRAWS, _STEPS // planned))):
        drain = ImaginedDrain(beginning, model.draw(dice), failing.draw(dice), dice)
        drain.run()
        fixed.append(drain.fixed)
        minutes.append(round(drain.ended_s / 60, 3))
    fixed_low, fixed_median, fixed_high = _interval_of(fixed)
    minutes_low, minutes_median, minutes_high = _interval_of(minutes)
    return Forecast(
        planned=planned,
        fixed=fixed_median,
        fixed_low=fixed_low,
        fixed_high=fixed_high,
        minutes=minutes_median,
        minutes_low=minutes_low,
        minutes_high=minutes_high,
    )


def _knows(outlook: Outlook, planned: Sequence[Phase]) -> bool:
    """Whether the ledger says enough about more than half of these phases."""
    tried = [outlook.stats.categories.get(phase.category, NOTHING).tried for phase in planned]
    known = [
        count for count, phase in zip(tried, planned, strict=True) if count >= ENOUGH and phase.state is PhaseState.FAILED
    ]
    return 2 * len(known) > len(planned)


def _interval_of(drawn: Sequence[Number]) -> tuple[Number, Number, Number]:
    """The lower bound, the median and the upper bound of the draws."""
    ordered, outside = sorted(drawn), int(len(drawn) * _OUTSIDE)
    return ordered[outside], ordered[len(ordered) // 2], ordered[-outside - 1]
