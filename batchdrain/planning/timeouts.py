"""How long a phase may take. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from batchdrain.config.settings import Timeout
from batchdrain.model.claim import TimeLimit

ENOUGH: Final = 5
FACTOR: Final = 3.0


def time_limit(
    durations_s: Sequence[float], timeout: Timeout, *, kind: str, after_timeout: bool, longer: int = 0
) -> TimeLimit:
    """The limit for one execution.

    `durations_s`: of completed attempts of its `kind`, which is told to people: those of its run type that set out from
    failures of its category, or of the whole run type while there are fewer than 5 of these. `after_timeout`: the phase's
    last failure was a timeout; the limit is doubled then, unless it is fixed (`adaptive: false`).
    `longer`: how often its command has asked for more time. The limit is the larger of `min_s` and 3 times the 95th
    percentile, at most `max_s`; `default_s` while there are fewer than 5 durations, or with `adaptive: false`.
    """
    if not timeout.adaptive or len(durations_s) < ENOUGH:
        limit = TimeLimit(seconds=timeout.default_s, rule="timeout.default_s")
    else:
        wanted = FACTOR * percentile_95(durations_s)
        rule = f"3 x p95 of {len(durations_s)} durations of {kind}"
        if wanted < timeout.min_s:
            wanted, rule = timeout.min_s, f"timeout.min_s, above {rule}"
        if wanted > timeout.max_s:
            wanted, rule = timeout.max_s, f"timeout.max_s, below {rule}"
        limit = TimeLimit(seconds=round(wanted, 3), rule=rule)
    doublings = longer + (1 if after_timeout and timeout.adaptive else 0)
    if doublings == 0:
        return limit
    cap = max(timeout.max_s, limit.seconds)
    times = "doubled" if doublings == 1 else f"{2**doublings} times that"
    why = f"{times} after a timeout" if longer == 0 else f"{times} because the command asked for time"
    return TimeLimit(seconds=min(cap, limit.seconds * 2.0**doublings), rule=f"{limit.rule}, {why}")


def percentile_95(values: Sequence[float]) -> float:
    """The nearest-rank 95th percentile (the smallest value that at least 95 % do not exceed). `values` is not empty."""
    ordered = sorted(values)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]
