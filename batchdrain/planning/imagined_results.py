"""The results of an imagined drain, counted for the stop conditions."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Final, NamedTuple

from batchdrain.config.stop_settings import Stop
from batchdrain.model.phase import Phase
from batchdrain.planning.failing_anew import Way
from batchdrain.planning.failure_row import FailureRow, describe_before
from batchdrain.planning.retry_model import Expected
from batchdrain.planning.stop import SAME_NEW_FAILURE, Progress, canary_room, cluster_stop, run_stop, session_stop

FORESEEN_ENDS: Final = frozenset(
    {
        "stop.max_total_minutes",
        "stop.max_consecutive_failures",
        SAME_NEW_FAILURE,
        "stop.success_floor",
        "retry.outage_after",
        "--stop-on-first-failure",
    }
)
"""The rules that can end an imagined drain before its batch is full, just as they end a real one."""


class ImaginedResult(NamedTuple):
    """The result of a phase that will not be tried again."""

    of: Expected
    before: Way  #: how it had failed before
    after: Way | None  #: how it failed; None if it completed
    at_s: float  #: seconds since the drain began
    has_timed_out: bool = False
    is_of_outage: bool = False  #: it shows an outage, and not a broken command


class ImaginedResults:
    """The counts of one imagined drain; they grow with each result."""

    def __init__(self, stop: Stop, before: Progress, *, first_failure_ends: bool) -> None:
        """`before`: what its chain has done before."""
        self._stop = stop
        self._first_failure_ends = first_failure_ends
        self._before_s = before.elapsed_s
        self._timeouts, self._repeats = Counter(before.timeouts), Counter(before.repeats)
        self._canaries, self._dead = Counter(before.canaries), set[str]()
        self._progress = replace(
            before, timeouts=self._timeouts, repeats=self._repeats, canaries=self._canaries, dead_canaries=self._dead
        )
        self._row = FailureRow()
        self.fixed = 0  #: how many phases were fixed
        self._is_over = False
        self._look(0.0)

    def may_take(self, phase: Phase) -> bool:
        """Whether the phase may be taken: neither its run nor its cluster has been stopped."""
        if run_stop(phase.run_id, self._progress, self._stop) is not None:
            return False
        return cluster_stop(phase.failure.fingerprint, self._progress, self._stop) is None

    def room_of(self, of: Expected) -> int | None:
        """How many phases of its cluster may run side by side; None: any number."""
        return canary_room(self._canaries[of.phase.failure.fingerprint]) if of.is_canary else None

    def is_over(self, now_s: float) -> bool:
        """Whether nothing more may begin."""
        if self._stop.max_total_minutes:
            self._look(now_s)
        return self._is_over

    def end(self) -> None:
        """Let nothing more begin."""
        self._is_over = True

    def note(self, result: ImaginedResult) -> None:
        """Count a result."""
        self._count(result, is_fixed=result.after is None)
        if result.is_of_outage:
            self._row.clear()
        else:
            before = result.before.fingerprint or describe_before(result.of.phase)
            self._row.add("" if result.after is None else result.after.fingerprint, before)
        self._look(result.at_s)

    def _count(self, result: ImaginedResult, *, is_fixed: bool) -> None:
        phase, progress = result.of.phase, self._progress
        self.fixed += is_fixed
        self._timeouts[phase.run_id] += result.has_timed_out
        if result.after is not None and result.after.fingerprint:
            self._repeats[result.after.fingerprint] += 1
        if result.of.is_canary and result.before.fingerprint == phase.failure.fingerprint:
            if is_fixed:
                self._canaries[phase.failure.fingerprint] += 1
            else:
                self._dead.add(phase.failure.fingerprint)
        self._progress = replace(
            progress,
            results=progress.results + 1,
            successes=progress.successes + is_fixed,
            consecutive_failures=0 if is_fixed else progress.consecutive_failures + 1,
        )
        if self._first_failure_ends and not is_fixed:
            self._is_over = True

    def _look(self, now_s: float) -> None:
        if not self._is_over:
            now = replace(self._progress, elapsed_s=self._before_s + now_s, same_failures=self._row.length)
            self._is_over = session_stop(now, self._stop) is not None
