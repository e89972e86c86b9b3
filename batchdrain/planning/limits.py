"""The time limit of each phase, from the ledger's durations by run type and category."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from batchdrain.config.settings import Timeout
from batchdrain.model.claim import TimeLimit
from batchdrain.model.phase import Phase
from batchdrain.planning.timeouts import ENOUGH, time_limit


class TimeLimits:
    """Durations are read once for each run type and category, and again after `forget`."""

    def __init__(
        self, durations_s: Callable[[str, str | None], Sequence[float]], timeout: Timeout, run_type: Callable[[str], str]
    ) -> None:
        self._read = durations_s
        self._timeout = timeout
        self._run_type = run_type
        self._known: dict[tuple[str, str | None], Sequence[float]] = {}

    def of(self, phase: Phase, *, longer: int = 0) -> TimeLimit:
        """The limit and the rule that it follows. `longer`: how often it is doubled. Raises DatabaseUnavailable."""
        run_type = self._run_type(phase.run_id)
        kind, durations_s = f"run type {run_type!r}", self._durations_s(run_type, None)
        if phase.category != "timeout":  # what timed out is not like its equals that did not
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

    def _durations_s(self, run_type: str, category: str | None) -> Sequence[float]:
        if not self._timeout.adaptive:
            return ()
        if (run_type, category) not in self._known:
            self._known[run_type, category] = self._read(run_type, category)
        return self._known[run_type, category]

    def forget(self) -> None:
        """Durations are read anew: results came since."""
        self._known.clear()
