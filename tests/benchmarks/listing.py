"""`inv --list` of this repository against that of a tasks.py with one task that does nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.benchmarks.figure import Figure
from tests.benchmarks.pairs import Cost, cost, in_turns, median_cpu_s, median_wall_s

OURS = "from batchdrain.collection import ns as ns\n"
EMPTY = 'from invoke import task\n\n\n@task\ndef nothing(c):\n    """Do nothing."""\n'


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    return figures(folder, sys.executable, 3 if quick else 40)


def figures(folder: Path, python: str, rounds: int) -> list[Figure]:
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
    note, against = f"median of {rounds} each, in turns", "an empty tasks.py"
    return [
        Figure(name="inv --list, CPU", ours=median_cpu_s(ours) * 1000, reference=median_cpu_s(empty) * 1000, unit="ms",
               against=against, bound=1.1, note=note),
        Figure(name="inv --list, by the clock", ours=median_wall_s(ours) * 1000, reference=median_wall_s(empty) * 1000, unit="ms",
               against=against, note=note),
    ]  # fmt: skip
