"""Which stop conditions may end a plan before its last phase. Only the results will tell whether they do. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from batchdrain.config.stop_settings import Stop
from batchdrain.model.phase import Phase, Skip
from batchdrain.planning.failure_row import describe_before
from batchdrain.planning.stop import Progress, cluster_stop, run_stop, session_stop


def rules_that_may_end(
    phases: Sequence[Phase],
    progress: Progress,
    stop: Stop,
    size_of: Callable[[str], int],
    *,
    first: Sequence[Phase] = (),
) -> tuple[str, ...]:
    """The names of these stop conditions, in the order in which they might apply. Empty if every phase is taken whatever the
    results of the earlier ones are.

    `progress`: that of the session before the first phase. `size_of`: how many phases have this fingerprint. `first`: the
    phases that an earlier part of the same chain drains.
    """
    if not phases:
        return ()
    struck = _strike([*first, *phases], len(first), progress, stop, size_of)
    return tuple(dict.fromkeys(skip.rule for skip in struck if skip is not None))


def _strike(
    phases: Sequence[Phase], first: int, progress: Progress, stop: Stop, size_of: Callable[[str], int]
) -> Iterator[Skip | None]:
    """Every stop that may apply to the phases behind `first`, if all earlier phases fail."""
    runs, clusters = Counter(progress.timeouts), set[str]()
    for before, phase in enumerate(phases):
        fingerprint = phase.failure.fingerprint
        if before and before >= first:
            yield run_stop(phase.run_id, replace(progress, timeouts=runs), stop)
            yield cluster_stop(fingerprint, _if_all_failed_so(progress, fingerprint, before), stop)
        if before >= first and stop.canary and fingerprint in clusters and size_of(fingerprint) >= stop.canary_size:
            yield cluster_stop(fingerprint, replace(progress, dead_canaries={fingerprint}), stop)
        runs[phase.run_id] += 1
        clusters.add(fingerprint)
    if len(phases) > 1:
        yield session_stop(_if_all_failed(progress, phases[:-1], stop), stop)


def _if_all_failed_so(progress: Progress, fingerprint: str, count: int) -> Progress:
    return replace(progress, repeats={fingerprint: progress.repeats.get(fingerprint, 0) + count})


def _if_all_failed(progress: Progress, phases: Sequence[Phase], stop: Stop) -> Progress:
    """The worst possible results of these phases: all take very long, all fail in one new way, all spend the whole budget of
    every metric, and none brings the metric that is wanted."""
    count, are_unlike = len(phases), len({describe_before(phase) for phase in phases}) > 1
    return replace(
        progress,
        elapsed_s=float("inf"),
        consecutive_failures=progress.consecutive_failures + count,
        results=progress.results + count,
        without_metric=progress.without_metric + count,
        same_failures=progress.same_failures + (count if are_unlike or progress.same_failures else 0),
        spent=dict.fromkeys(stop.max_metric, float("inf")),
    )
