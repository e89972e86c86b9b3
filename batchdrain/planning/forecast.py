"""What to expect of a drain before it begins: phases fixed and minutes, each with an interval in which 80 % of drains end. Pure
but for the time limits, whose durations are read when they are asked for.

The ledger says what retries of each category, cluster, run and run type did, and how they failed anew. From that, what may be
true of the planned phases is drawn (retry_model, failing_anew), and the drain is imagined with it (imagined_drain), some
hundred times. The dice are seeded
with nothing that changes: the same plan and the same ledger give the same words.

Nothing is said
- of queued phases: retries of failed phases say nothing of them;
- unless for more than half of the planned phases the ledger has ENOUGH attempts that set out from failures of their category:
  with fewer the interval would be about as wide as the batch;
- where a drain may take more than LARGEST phases: what it costs must not grow with the backlog, and the first phases of an
  order say little of its last ones.
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
"""Attempts that set out from failures of a category, from which on they say something of the next one."""
LARGEST: Final = 500
"""Phases of a drain of which something is said, at most."""
_BEHIND: Final = 50
"""So many phases, or as many again as the batch, are looked at behind it: they follow where others are parked."""
_DRAWS: Final = 200
_FEWEST_DRAWS: Final = 100
_STEPS: Final = 20_000
"""Phases of all draws together, as long as that leaves enough of these."""
_OUTSIDE: Final = 0.1
"""Of the draws, on either side of an interval."""
NOTHING_BEFORE: Final = Progress()
Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Medians, and in `low` and `high` the bounds of 80 % intervals."""

    planned: int  #: phases that it takes, if nothing ends it sooner
    fixed: int
    fixed_low: int
    fixed_high: int
    minutes: float  #: by the clock, with all its workers
    minutes_low: float
    minutes_high: float


def to_look_at(most: int | None) -> int:
    """How many phases of a backlog are looked at for a drain of at most so many; None: any number."""
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
    """None where nothing is to be said. `outlook`: of `to_look_at` phases; `most`: phases that the drain may take, None: any
    number; `progress`: what was before it in its chain; `first_failure_ends`: nothing more is taken after one. Raises DatabaseUnavailable."""
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
    """Whether the ledger says enough of these phases."""
    tried = [outlook.stats.categories.get(phase.category, NOTHING).tried for phase in planned]
    known = [
        count for count, phase in zip(tried, planned, strict=True) if count >= ENOUGH and phase.state is PhaseState.FAILED
    ]
    return 2 * len(known) > len(planned)


def _interval_of(drawn: Sequence[Number]) -> tuple[Number, Number, Number]:
    """Its lower bound, the median and its upper bound."""
    ordered, outside = sorted(drawn), int(len(drawn) * _OUTSIDE)
    return ordered[outside], ordered[len(ordered) // 2], ordered[-outside - 1]
