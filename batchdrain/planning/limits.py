"""The time limit of each phase, learnt from the ledger's durations by run type and category."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from batchdrain.config.timeout_settings import Timeout
from batchdrain.model.claim import TimeLimit
from batchdrain.model.phase import Phase


class TimeLimits:
    """Durations are read once for each run type and category, and read again after `forget`."""

    def __init__(
        self, durations_s: Callable[[str, str | None], Sequence[float]], timeout: Timeout, run_type: Callable[[str], str]
    ) -> None:
        self._read = durations_s
        self._timeout = timeout
        self._run_type = run_type
        self._known: dict[tuple[str, str | None], Sequence[float]] = {}

    def of(self, phase: Phase, *, longer: int = 0) -> TimeLimit:
        """The time limit and the rule that gave it. `longer`: how many times the limit is doubled. Raises
        DatabaseUnavailable."""
        run_type = self._run_type(phase.run_id)
        kind, durations_s = f"run type {run_type!r}", self._durations_s(run_type, None)
        if phase.category != "timeout":  # a phase that timed out is not like those of its kind that did not
            alike = self._durations_s(run_type, phase.category)
            if len(alike) >= ENOUGH:
                kind, durations_s = f"{kind} after {phase.category} failures", alike
        return time_limit(
            durations_s,
            self._timeout,
            kind=kind,
            after_timeout=phase.category == "timeout",
            longer=longer,
        )

    def completed_s(self, run_id: str) -> Sequence[float]:
        """The durations of the latest attempts that completed, in runs of the same type; () if limits are not learnt from
        durations. Raises DatabaseUnavailable."""
        return self._durations_s(self._run_type(run_id), None)

    @property
    def known_s(self) -> Sequence[float]:
        """The durations of completed attempts of all run types that were asked for so far. Reads nothing."""
        return [one for (_, category), known in [*self._known.items()] if category is None for one in known]

    def _durations_s(self, run_type: str, category: str | None) -> Sequence[float]:
        if not self._timeout.adaptive:
            return ()
        if (run_type, category) not in self._known:
            self._known[run_type, category] = self._read(run_type, category)
        return self._known[run_type, category]

    def forget(self) -> None:
        """Forget all durations, because results have come since. They are read again when needed."""
        self._known.clear()


ENOUGH: Final = 5


FACTOR: Final = 3.0


def time_limit(
    durations_s: Sequence[float], timeout: Timeout, *, kind: str, after_timeout: bool, longer: int = 0
) -> TimeLimit:
    """The time limit of one execution.

    `durations_s`: durations of completed attempts of this `kind`, a text for people. They are those of the run type on phases
    that had failed with this category, or those of the whole run type while there are fewer than 5. `after_timeout`: the last
    failure of the phase was a timeout; then the limit is doubled, unless it is fixed (`adaptive: false`). `longer`: how many
    times the command has asked for more time.

    The limit is 3 times the 95th percentile, at least `min_s` and at most `max_s`. It is `default_s` while there are fewer
    than 5 durations, or with `adaptive: false`.
    """
    if not timeout.adaptive or len(durations_s) < ENOUGH:
        limit = TimeLimit(seconds=timeout.default_s, rule=timeout.source_of("default_s"))
    else:
        wanted = FACTOR * percentile_95(durations_s)
        rule = f"3 x p95 of {len(durations_s)} durations of {kind}"
        if wanted < timeout.min_s:
            wanted, rule = timeout.min_s, f"{timeout.source_of('min_s')}, above {rule}"
        if wanted > timeout.max_s:
            wanted, rule = timeout.max_s, f"{timeout.source_of('max_s')}, below {rule}"
        limit = TimeLimit(seconds=round(wanted, 3), rule=rule)
    doublings = longer + (1 if after_timeout and timeout.adaptive else 0)
    if doublings == 0:
        return limit
    cap = max(timeout.max_s, limit.seconds)
    times = "doubled" if doublings == 1 else f"{2**doublings} times that"
    why = f"{times} after a timeout" if longer == 0 else f"{times} because the command asked for time"
    wanted = limit.seconds * 2.0**doublings
    if wanted > cap:
        why += f", but at most {timeout.source_of('max_s')}"
    return TimeLimit(seconds=min(cap, wanted), rule=f"{limit.rule}, {why}")


def percentile_95(values: Sequence[float]) -> float:
    """The nearest-rank 95th percentile: the smallest value that at least 95 % of the values do not exceed. `values` is not
    empty."""
    ordered = sorted(values)
    return ordered[math.ceil(0.95 * len(ordered)) - 1]
