"""One durable phase of /bin/true, as a user drains it, against GNU parallel's with a job log; and with a large backlog.

A phase is a long drain less a short one: starts and ends fall out. Each drain begins without a ledger, since a forecast is made
once for a drain, and takes longer for a long one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tests.benchmarks.backlog_texts import DISTINCT, FEW, BacklogTexts
from tests.benchmarks.bench import Bench
from tests.benchmarks.drained import drain_exactly
from tests.benchmarks.figure import Figure, Pair
from tests.benchmarks.gnu_parallel import MISSING, run_parallel
from tests.benchmarks.machine import parallel_version
from tests.benchmarks.pairs import Cost


class _Taken(NamedTuple):
    """One phase, in milliseconds."""

    wall_ms: float
    cpu_ms: float


def measure(bench: Bench) -> list[Figure]:
    kinds = (DISTINCT,) if bench.sizes.is_gate else (DISTINCT, FEW)
    return [figure for texts in kinds for figure in _figures(bench, texts)]


def _figures(bench: Bench, texts: BacklogTexts) -> Iterator[Figure]:
    sizes = bench.sizes
    has_parallel = parallel_version() is not None
    small: list[_Taken] = []
    large: list[_Taken] = []
    theirs: list[_Taken] = []
    for _ in range(sizes.pairs):
        small.append(_ours(bench, texts, sizes.small))
        if has_parallel:
            theirs.append(_theirs(bench))
        large.append(_ours(bench, texts, sizes.rows))
    note = f"{sizes.phases[1] - sizes.phases[0]} phases"
    missing = "" if has_parallel else MISSING
    beside = list(zip(small, theirs, strict=False))
    many = list(zip(large, small, strict=True))
    yield Figure.of("phase", _wall(beside), texts=texts.name, note=missing or note)
    yield Figure.of("phase-cpu", _cpu(beside), texts=texts.name, note=missing or note)
    yield Figure.of("phase-large", _wall(many), texts=texts.name, note=note, rows=sizes.rows)
    yield Figure.of("phase-large-cpu", _cpu(many), texts=texts.name, note=note, rows=sizes.rows)


def _ours(bench: Bench, texts: BacklogTexts, failed: int) -> _Taken:
    """The small backlog is a fresh copy each time: it would be empty soon."""
    is_small = failed == bench.sizes.small
    project = bench.backlogs.fresh(failed, texts) if is_small else bench.backlogs.project(failed, texts)
    few, many = (drain_exactly(bench.backlogs.forget(project), phases) for phases in bench.sizes.phases)
    return _per_phase(bench, few, many)


def _theirs(bench: Bench) -> _Taken:
    few, many = (run_parallel(bench.folder, jobs, 1, ["/bin/true"]) for jobs in bench.sizes.phases)
    return _per_phase(bench, few, many)


def _per_phase(bench: Bench, few: Cost, many: Cost) -> _Taken:
    phases = bench.sizes.phases[1] - bench.sizes.phases[0]
    return _Taken((many.wall_s - few.wall_s) / phases * 1000, (many.cpu_s - few.cpu_s) / phases * 1000)


def _wall(pairs: list[tuple[_Taken, _Taken]]) -> Iterator[Pair]:
    return ((ours.wall_ms, reference.wall_ms) for ours, reference in pairs)


def _cpu(pairs: list[tuple[_Taken, _Taken]]) -> Iterator[Pair]:
    return ((ours.cpu_ms, reference.cpu_ms) for ours, reference in pairs)
