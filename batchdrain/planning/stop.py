"""Stop conditions: what skips a phase, a run or a cluster for the rest of a session, and what ends the session. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Final

from batchdrain.config.stop_settings import Stop
from batchdrain.model.phase import Skip
from batchdrain.runtime.text import agree, count_of, count_times, to_limit_percent, to_percent

SAME_NEW_FAILURE: Final = "stop.same_new_failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """The figures of a session so far that stop conditions look at."""

    elapsed_s: float = 0.0  #: time spent draining, including the time before a resume
    consecutive_failures: int = 0
    timeouts: Mapping[str, int] = field(default_factory=dict)  #: by run_id
    repeats: Mapping[str, int] = field(default_factory=dict)  #: failures by fingerprint
    same_failures: int = 0  #: equal failures in a row; 0 unless their phases had failed in different ways before
    same_failure: str = ""  #: their fingerprint
    results: int = 0  #: without those that will be tried again, which also holds for the fields below
    successes: int = 0
    without_metric: int = 0  #: results in a row that reported nothing of `stop.metric`
    spent: Mapping[str, float] = field(default_factory=dict)  #: sums of metrics, including attempts that are tried again
    canaries: Mapping[str, int] = field(default_factory=dict)  #: successes of big clusters, by fingerprint
    dead_canaries: Container[str] = frozenset()  #: fingerprints of big clusters of which a canary failed again


def session_stop(progress: Progress, stop: Stop) -> Skip | None:
    """Why the session must end now; None to go on."""
    minutes = stop.max_total_minutes
    if minutes and progress.elapsed_s >= minutes * 60:
        return Skip("stop.max_total_minutes", f"{minutes:g} {agree(minutes, 'minute is', 'minutes are')} over")
    limit = stop.max_consecutive_failures
    if limit and progress.consecutive_failures >= limit:
        return Skip("stop.max_consecutive_failures", f"{count_of(progress.consecutive_failures, 'failure')} in a row")
    if stop.same_new_failure and progress.same_failures >= stop.same_new_failure:
        told = f"{progress.same_failure} ({progress.same_failures} in a row)"
        return Skip(SAME_NEW_FAILURE, f"the command fails the same way whatever the phase: {told}")
    if progress.results >= stop.success_floor_after and progress.successes / progress.results < stop.success_floor:
        share = to_percent(progress.successes / progress.results, stop.success_floor)
        told = f"{share} of {progress.results} succeeded, below {to_limit_percent(stop.success_floor)}"
        return Skip("stop.success_floor", f"{told}; a new `inv drain` starts the count again")
    if stop.metric and stop.max_without_metric and progress.without_metric >= stop.max_without_metric:
        return Skip(
            "stop.max_without_metric", f"{count_of(progress.without_metric, 'result')} in a row reported no {stop.metric!r}"
        )
    for name, budget in stop.max_metric.items():
        spent = progress.spent.get(name, 0.0)
        if budget and spent >= budget:
            return Skip(
                "stop.max_metric",
                f"{spent:.15g} of {name!r} {agree(spent, 'was', 'were')} reported, the budget is {budget:.15g}; "
                "a new `inv drain` has a new budget",
            )
    return None


def run_stop(run_id: str, progress: Progress, stop: Stop) -> Skip | None:
    """Why a run is left alone for the rest of the session; None if it is not."""
    timeouts = progress.timeouts.get(run_id, 0)
    if stop.max_timeouts_per_run and timeouts >= stop.max_timeouts_per_run:
        return Skip("stop.max_timeouts_per_run", f"run {run_id} timed out {count_times(stop.max_timeouts_per_run)}")
    return None


def cluster_stop(fingerprint: str, progress: Progress, stop: Stop) -> Skip | None:
    """Why all phases with this fingerprint, in every run, are parked for the rest of the session; None if they are not."""
    if fingerprint and fingerprint in progress.dead_canaries:
        return Skip("stop.canary", f"its canary failed: {fingerprint}")
    seen = progress.repeats.get(fingerprint, 0) if fingerprint else 0
    if stop.max_repeats and seen >= stop.max_repeats:
        return Skip("stop.max_repeats", f"{count_of(stop.max_repeats, 'equal failure')}: {fingerprint}")
    return None


def canary_room(successes: int) -> int:
    """How many phases of a big cluster may run side by side after this many successes: one, then two, then four, …"""
    return 1 << ((successes + 1).bit_length() - 1)


def attempts_stop(attempts: int, stop: Stop) -> Skip | None:
    """Why a phase is not tried again: it has had its attempts, over all sessions. None if it may be tried."""
    if stop.max_attempts_per_phase and attempts >= stop.max_attempts_per_phase:
        return Skip("stop.max_attempts_per_phase", f"tried {count_times(attempts)}")
    return None
