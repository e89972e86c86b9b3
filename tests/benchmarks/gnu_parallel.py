"""GNU parallel, beside which ours is measured: with a log of jobs, as one needs it to go on later."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Final

from tests.benchmarks.pairs import Cost, cost

MISSING: Final = "GNU parallel is not installed"
_NUMBERS: Final = count()


def run_parallel(folder: Path, jobs: int, workers: int, command: Sequence[str]) -> Cost:
    """All of it, from its start to its end. Each job is the same command: `-N0` leaves its argument out."""
    log = folder / f"jobs-{next(_NUMBERS)}"
    argv = ["parallel", "--will-cite", f"-j{workers}", "--joblog", str(log), "-N0", *command, ":::"]
    return cost([*argv, *map(str, range(jobs))], folder, env={**os.environ, "PARALLEL_HOME": str(folder)})
