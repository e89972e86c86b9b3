"""Durations of attempts by category, compared with their time limits. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batchdrain.model.states import Outcome
from batchdrain.sessions.attempt_log import AttemptSpan

WIDTH: Final = 1000
_SHOWN: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Durations:
    """The durations of the attempts of one category: seconds, and positions on the drawing's scale."""

    category: str
    count: int
    timeouts: int
    median_s: float
    nine_tenths_s: float  #: nine of ten attempts took no longer
    longest_s: float
    limit_s: float | None  #: the largest of their limits; None if unknown
    shape: str  #: drawn from the shortest to the longest
    box: str  #: drawn from the median to nine tenths
    limit_x: float | None


def durations_of(attempts: Sequence[AttemptSpan]) -> list[Durations]:
    """The category with the longest attempt first."""
    by_category: dict[str, list[AttemptSpan]] = defaultdict(list)
    for one in attempts:
        if one.outcome in {Outcome.COMPLETE.value, Outcome.FAILED.value, Outcome.TIMEOUT.value}:
            by_category[one.category].append(one)
    longest = max((max(one.duration_s, one.limit_s or 0.0) for of in by_category.values() for one in of), default=0.0)
    scale = WIDTH / max(longest * 1.02, 0.001)
    found = [_of(category, of, scale) for category, of in by_category.items()]
    return sorted(found, key=lambda one: (-one.longest_s, one.category))[:_SHOWN]


def _of(category: str, attempts: Sequence[AttemptSpan], scale: float) -> Durations:
    took = sorted(one.duration_s for one in attempts)
    limits = [one.limit_s for one in attempts if one.limit_s is not None]
    median, high = took[len(took) // 2], took[min(len(took) - 1, len(took) * 9 // 10)]
    return Durations(
        category=category,
        count=len(took),
        timeouts=sum(one.outcome == Outcome.TIMEOUT.value for one in attempts),
        median_s=median,
        nine_tenths_s=high,
        longest_s=took[-1],
        limit_s=max(limits, default=None),
        shape=_rectangle(took[0] * scale, took[-1] * scale, 5, 2),
        box=_rectangle(median * scale, high * scale, 1, 10),
        limit_x=round(max(limits) * scale, 1) if limits else None,
    )


def _rectangle(left: float, right: float, top: int, high: int) -> str:
    wide = max(2.0, right - left)
    return f"M{left:.1f} {top}h{wide:.1f}v{high}h-{wide:.1f}z"
