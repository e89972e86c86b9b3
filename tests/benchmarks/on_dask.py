"""The engine `dask`, with a scheduler and workers of this machine: how near to the ideal workers come, how many short phases a
second, what they cost the controller, and what grows with them.

A long drain less a short one, as for a phase.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from tests.benchmarks.bench import Bench
from tests.benchmarks.drained import drain_exactly
from tests.benchmarks.figure import Figure
from tests.benchmarks.growth import Growth, watch_growth
from tests.benchmarks.row import ROWS
from tests.benchmarks.sample import make_project
from tests.support.dask_cluster import Cluster, cluster

_PHASE_S: Final = 0.1
_WORKERS: Final = (1, 2, 4, 8, 16)
_SLOTS: Final = 64
_RUNS: Final = 256  # phases of one run never run side by side
_CPU_MS: Final = 3.0
_RESULT_MB: Final = 0.003
_SLACK_MB: Final = 5.0
_ALONE: Final = Path(__file__).with_name("dask_alone.py")
_NUMBERS: Final = count()


class _Short(NamedTuple):
    """Short phases with all slots."""

    per_second: float
    cpu_ms: float  #: of the controller, a phase


def measure(bench: Bench) -> list[Figure]:
    if importlib.util.find_spec("distributed") is None:
        return [Figure.of(key, [], note="distributed is not installed") for key in ROWS if key.startswith("dask-")]
    return [*(_share(bench, workers) for workers in _WORKERS), *_short(bench)]


def _share(bench: Bench, workers: int) -> Figure:
    """Of the ideal."""
    few, many = int(bench.sizes.rounds / 4) * workers, int(bench.sizes.rounds) * workers
    found = []
    with cluster(bench.folder / f"workers-{workers}", workers) as there:
        for _ in range(bench.sizes.pairs):
            project = _project(bench, there, few + many, "/bin/sleep", str(_PHASE_S))
            short, long = (drain_exactly(project, phases, f"--workers={workers}") for phases in (few, many))
            found.append((many - few) / (long.wall_s - short.wall_s))
    return Figure.of(f"dask-{workers}", [(one, workers / _PHASE_S) for one in found], note=f"{many - few} phases")


def _short(bench: Bench) -> Iterator[Figure]:
    few, many = bench.sizes.on_dask
    ours: list[_Short] = []
    empty: list[float] = []
    commands: list[float] = []
    with cluster(bench.folder / "slots", _SLOTS // 2, _SLOTS // 2) as there:
        for _ in range(bench.sizes.pairs):
            ours.append(_drain_short(bench, there, few, many))
            empty.append(_alone(there, many - few))
            commands.append(_alone(there, many - few, "/bin/true"))
        growth = _grow(bench, there)
    note = f"{many - few} phases"
    rates = [one.per_second for one in ours]
    yield Figure.of("dask-tasks", zip(rates, empty, strict=True), note=note)
    yield Figure.of("dask-commands", zip(rates, commands, strict=True), note=note)
    yield Figure.of("dask-cpu", [(one.cpu_ms, _CPU_MS) for one in ours], note=note)
    phases = bench.sizes.long
    results_mb = phases / 2 * _RESULT_MB + _SLACK_MB
    yield Figure.of("dask-threads", [growth.threads], phases=phases)
    yield Figure.of("dask-files", [growth.files], phases=phases)
    yield Figure.of("dask-memory", [(growth.memory_mb, results_mb)], phases=phases)
    yield Figure.of("dask-memory-there", [(growth.there_mb, _SLACK_MB)], phases=phases)


def _drain_short(bench: Bench, there: Cluster, few: int, many: int) -> _Short:
    project = _project(bench, there, few + many, "/bin/true")
    short, long = (drain_exactly(project, phases, f"--workers={_SLOTS}") for phases in (few, many))
    phases = many - few
    return _Short(phases / (long.wall_s - short.wall_s), (long.cpu_s - short.cpu_s) / phases * 1000)


def _alone(there: Cluster, tasks: int, *command: str) -> float:
    """Tasks a second."""
    argv = [sys.executable, str(_ALONE), there.address, str(tasks), *command]
    return tasks / float(subprocess.run(argv, capture_output=True, check=True, text=True).stdout)


def _grow(bench: Bench, there: Cluster) -> Growth:
    phases = bench.sizes.long
    project = _project(bench, there, phases, "/bin/true")
    processes = [one.pid for one in (*there.workers, there.scheduler) if one is not None]
    return watch_growth(project, processes, f"--batch-size={phases}", f"--workers={_SLOTS}")


def _project(bench: Bench, there: Cluster, failed: int, *command: str) -> Path:
    folder = bench.folder / f"project-{next(_NUMBERS)}"
    engine = {**there.options_of_engine, "command": {"argv": list(command)}}
    make_project(folder, failed, runs=_RUNS, **engine, database_url=f"sqlite:///{folder / 'batchdrain.db'}")
    return folder
