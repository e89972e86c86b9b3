"""8 and 16 workers on phases of 0.1 s, against the ideal; GNU parallel beside them. By the clock: the phases sleep.

A long drain less a short one, as for a phase.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tests.benchmarks.backlog_texts import FEW
from tests.benchmarks.bench import Bench
from tests.benchmarks.drained import drain_exactly
from tests.benchmarks.figure import Figure
from tests.benchmarks.gnu_parallel import MISSING, run_parallel
from tests.benchmarks.machine import parallel_version
from tests.benchmarks.pairs import Cost

_PHASE_S: Final = 0.1
_COMMAND: Final = ("/bin/sleep", str(_PHASE_S))


def measure(bench: Bench) -> list[Figure]:
    return [figure for workers in ((8,) if bench.sizes.is_gate else (8, 16)) for figure in _figures(bench, workers)]


def _figures(bench: Bench, workers: int) -> list[Figure]:
    counts = int(bench.sizes.rounds / 4) * workers, int(bench.sizes.rounds) * workers
    ours, theirs = [], []
    for _ in range(bench.sizes.pairs):
        project = bench.backlogs.fresh(max(bench.sizes.small, 2 * counts[1]), FEW, command={"argv": list(_COMMAND)})
        ours.append(_per_second(lambda count: drain_exactly(project, count, f"--workers={workers}"), counts))  # noqa: B023 - called at once
        if parallel_version():
            theirs.append(_per_second(lambda count: run_parallel(bench.folder, count, workers, _COMMAND), counts))
    ideal, missing = workers / _PHASE_S, "" if theirs else MISSING
    if bench.sizes.is_gate:
        return [Figure.of("workers-8-beside", zip(ours, theirs, strict=False), note=missing or f"{counts[1]} phases")]
    return [
        Figure.of(f"workers-{workers}", [(one, ideal) for one in ours], note=f"{counts[1] - counts[0]} phases"),
        Figure.of(f"parallel-{workers}", [(one, ideal) for one in theirs], note=missing or f"{counts[1] - counts[0]} jobs"),
    ]


def _per_second(run: Callable[[int], Cost], counts: tuple[int, int]) -> float:
    few, many = (run(count) for count in counts)
    return (counts[1] - counts[0]) / (many.wall_s - few.wall_s)
