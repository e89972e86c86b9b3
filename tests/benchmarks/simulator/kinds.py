"""The worlds: what each kind of backlog is like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from batchdrain.failures.categories import CATEGORIES
from tests.benchmarks.simulator.world import Kind


def _by_category(*values: float) -> dict[str, float]:
    return dict(zip(CATEGORIES, values, strict=True))


# unknown, transient, collection, deliverable, patch, other, timeout: as the default policy orders them
MIXED: Final = Kind(
    chances=_by_category(0.65, 0.8, 0.6, 0.55, 0.5, 0.5, 0.4),
    broken=_by_category(0.2, 0.15, 0.4, 0.4, 0.45, 0.5, 0.5),
    shares=_by_category(0.1, 0.15, 0.15, 0.15, 0.15, 0.2, 0.1),
    minutes={"docs": 0.25, "unit": 0.75, "build": 2.0, "nightly": 5.0},
)
"""Categories are worth a retry in the order that `smart` assumes, on average; a seed may differ. Durations differ by run type,
from a quarter of a minute to five."""

KINDS: Final[Mapping[str, Kind]] = {
    "mixed": MIXED,
    "transient-heavy": replace(MIXED, shares=_by_category(0.3, 0.5, 0.04, 0.04, 0.04, 0.04, 0.04), broken=_by_category(0.05, 0.05, 0.4, 0.4, 0.45, 0.5, 0.5)),
    "broken-clusters": replace(MIXED, broken=_by_category(*[0.7] * 7), problems=4),
    "flaky": replace(MIXED, chances=_by_category(*[0.4] * 7), broken=_by_category(*[0.0] * 7), shift=0.3, problem_shift=0.3),
    "uniform": replace(
        MIXED, chances=_by_category(*[0.5] * 7), broken=_by_category(*[0.0] * 7), minutes={"build": 2.0}, shift=0.0,
        problem_shift=0.0, run_shift=0.0, spread=0.0, hangs=0.0, fails_after=dict.fromkeys(CATEGORIES, (1.0, 1.0)),
    ),
    "slow-timeouts": replace(MIXED, shares=_by_category(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.4), hangs=0.9),
}  # fmt: skip

FORESEEN: Final[Mapping[str, Kind]] = {**KINDS, "changing": replace(KINDS["broken-clusters"], anew=0.6)}
"""Those that forecasts are held against: in the last one most problems read otherwise when they fail again."""
