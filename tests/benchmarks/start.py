"""What a task takes from its start to its end on a small database, against an interpreter that imports SQLAlchemy."""

from __future__ import annotations

import subprocess
import sys

from tests.benchmarks.backlog_texts import DISTINCT
from tests.benchmarks.bench import Bench
from tests.benchmarks.figure import Figure
from tests.benchmarks.machine import ROOT
from tests.benchmarks.pairs import cost, in_turns


def measure(bench: Bench) -> list[Figure]:
    # Invoke keeps no compiled modules unless it is told to, and nor does an editable installation: a wheel's are compiled.
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(ROOT / "batchdrain")], check=True)
    return [
        _figure(bench, "start-counts", "list-run-counts"),
        _figure(bench, "start-drain", "drain", "--batch-size=1"),
    ]


def _figure(bench: Bench, key: str, *words: str) -> Figure:
    sizes, project = bench.sizes, bench.backlogs.project(bench.sizes.small, DISTINCT)
    argv, bare = [sys.executable, "-m", "invoke", *words], [sys.executable, "-c", "import sqlalchemy"]
    cost(argv, project)  # what is made at the first time: tables of ours, compiled modules
    ours, theirs = in_turns(lambda: cost(argv, project), lambda: cost(bare, bench.folder), sizes.starts, beside=sizes.is_gate)
    pairs = [(one.cpu_s * 1000, other.cpu_s * 1000) for one, other in zip(ours, theirs, strict=True)]
    return Figure.of(key, pairs, note="processor time, the package compiled")
