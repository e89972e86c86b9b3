"""`inv --list` of this repository against that of a tasks.py with one task that does nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.figure import Figure
from tests.benchmarks.pairs import Cost, cost, in_turns

OURS = "from batchdrain.collection import ns as ns\n"
EMPTY = 'from invoke import task\n\n\n@task\ndef nothing(c):\n    """Do nothing."""\n'


def measure(bench: Bench) -> list[Figure]:
    return [figure_of(bench.folder, sys.executable, bench.sizes.starts)]


def figure_of(folder: Path, python: str, rounds: int) -> Figure:
    """`python`: the interpreter that has the batchdrain to be measured."""
    for name, text in (("ours", OURS), ("empty", EMPTY)):
        (folder / name).mkdir(parents=True)
        (folder / name / "tasks.py").write_text(text)

    def listed(name: str) -> Cost:
        return cost([python, "-m", "invoke", "--list"], folder / name)

    # Invoke keeps no compiled modules unless it is told to, and nor does an editable installation: a wheel's are compiled.
    subprocess.run([python, "-c", "import batchdrain.collection"], cwd=folder, check=True)
    for name in ("ours", "empty"):
        listed(name)
    ours, empty = in_turns(lambda: listed("ours"), lambda: listed("empty"), rounds)
    return Figure.of("list", [(one.cpu_s * 1000, other.cpu_s * 1000) for one, other in zip(ours, empty, strict=True)])
