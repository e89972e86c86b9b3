"""The figures that stop conditions need over all drains of a group, folded from their results. Pure.

A failure that will be tried again is not counted yet. Only the most frequent runs and fingerprints are kept, since the
figures are stored in one row of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from batchdrain.planning.stop import Progress

_KEPT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupResult:
    """One result, with the facts that stop conditions need."""

    run_id: str
    success: bool
    waits: bool  #: it will be tried again
    timed_out: bool
    is_of_outage: bool  #: it shows an outage, and not a broken command
    fingerprint: str  #: '' for a success
    before: str  #: what `describe_before` says about its phase
    metrics: Mapping[str, float] = field(default_factory=dict)
    has_metric: bool = False  #: it reported some of `stop.metric`


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """The figures over all results of a group so far."""

    results: int = 0
    successes: int = 0
    consecutive: int = 0
    without_metric: int = 0
    same: str = ""  #: the fingerprint of the equal failures in a row
    same_count: int = 0
    befores: tuple[str, ...] = ()  #: at most two; two of them show that the phases differ
    timeouts: Mapping[str, int] = field(default_factory=dict)
    repeats: Mapping[str, int] = field(default_factory=dict)
    spent: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> GroupFigures:
        """Parse what `to_fields` made. A value that is no number counts as 0: whoever may write to the ledger may have
        written anything."""
        befores = found.get("befores")
        return cls(
            **{name: int(_number(found.get(name))) for name in _COUNTS},
            same=str(found.get("same") or ""),
            befores=tuple(map(str, befores[:2])) if isinstance(befores, list) else (),
            timeouts={name: int(value) for name, value in _numbers(found.get("timeouts")).items()},
            repeats={name: int(value) for name, value in _numbers(found.get("repeats")).items()},
            spent=_numbers(found.get("spent")),
        )

    def to_fields(self) -> dict[str, Any]:
        """The figures as plain JSON values."""
        return {
            **{name: getattr(self, name) for name in _COUNTS},
            "same": self.same,
            "befores": list(self.befores),
            "timeouts": dict(self.timeouts),
            "repeats": dict(self.repeats),
            "spent": dict(self.spent),
        }

    def add(self, result: GroupResult) -> GroupFigures:
        """The figures with one more result."""
        spent = dict(self.spent)
        for name, value in result.metrics.items():
            spent[name] = spent.get(name, 0.0) + value
        if result.waits:
            return replace(self, spent=spent)
        counted = replace(
            self,
            spent=spent,
            results=self.results + 1,
            successes=self.successes + result.success,
            consecutive=0 if result.success else self.consecutive + 1,
            without_metric=0 if result.has_metric else self.without_metric + 1,
            timeouts=_count(self.timeouts, result.run_id) if result.timed_out else self.timeouts,
            repeats=_count(self.repeats, result.fingerprint) if result.fingerprint else self.repeats,
        )
        return _add_to_row(counted, result)

    def apply(self, own: Progress) -> Progress:
        """The session's own progress with its counts replaced by those of the whole group. Time and canaries stay the
        session's own."""
        return replace(
            own,
            consecutive_failures=self.consecutive,
            timeouts=self.timeouts,
            repeats=self.repeats,
            same_failures=self.same_count if len(self.befores) > 1 else 0,
            same_failure=self.same,
            results=self.results,
            successes=self.successes,
            without_metric=self.without_metric,
            spent=self.spent,
        )


_COUNTS: Final = ("results", "successes", "consecutive", "without_metric", "same_count")


def _add_to_row(figures: GroupFigures, result: GroupResult) -> GroupFigures:
    if result.is_of_outage or not result.fingerprint:
        return replace(figures, same="", same_count=0, befores=())
    goes_on = result.fingerprint == figures.same
    befores = dict.fromkeys((*(figures.befores if goes_on else ()), result.before))
    count = figures.same_count + 1 if goes_on else 1
    return replace(figures, same=result.fingerprint, same_count=count, befores=tuple(befores)[:2])


def _count(counts: Mapping[str, int], name: str) -> Mapping[str, int]:
    found = {**counts, name: counts.get(name, 0) + 1}
    if len(found) <= _KEPT:
        return found
    return dict(sorted(found.items(), key=lambda item: (item[0] != name, -item[1]))[:_KEPT])


def _numbers(found: object) -> dict[str, float]:
    return {str(name): _number(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _number(found: object) -> float:
    is_number = isinstance(found, int | float) and not isinstance(found, bool) and abs(found) < 2**63
    return float(found) if is_number and isinstance(found, int | float) else 0.0
