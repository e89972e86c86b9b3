"""One durable phase of /bin/true, as a user drains it, against GNU parallel's with a job log; and with a large backlog."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from tests.benchmarks.figure import Figure
from tests.benchmarks.sample import make_project


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    few, many, rounds = (20, 120, 2) if quick else (50, 450, 5)
    small, large = 1_000, 100_000
    ours: dict[int, list[float]] = {small: [], large: []}
    theirs: list[float] = []
    bases = {failed: make_project(folder / f"base-{failed}", failed).parent for failed in (small, large)}
    for round_ in range(rounds):
        for failed, base in bases.items():
            times = [_drained(base, folder / f"{failed}-{round_}-{count}", count) for count in (few, many)]
            ours[failed].append((times[1] - times[0]) / (many - few) * 1000)
        if shutil.which("parallel"):
            times = [_parallel(folder / f"jobs-{round_}-{count}", count) for count in (few, many)]
            theirs.append((times[1] - times[0]) / (many - few) * 1000)
    marginal = {failed: statistics.median(found) for failed, found in ours.items()}
    return [
        Figure(
            name="one durable phase of /bin/true", ours=marginal[small], reference=statistics.median(theirs) if theirs else None,
            unit="ms", against="parallel -j1 --joblog", bound=1.0, note="" if theirs else "parallel is not installed",
        ),
        Figure(
            name="the same with 100 000 failed", ours=marginal[large], reference=marginal[small], unit="ms",
            against="with 1 000 failed", bound=1.25, note="1.25 allows for noise",
        ),
    ]  # fmt: skip


def _drained(base: Path, work: Path, count: int) -> float:
    """Seconds of a whole `inv drain` of so many phases, on a fresh copy.

    The copy stays until the end: what is deleted now, the disk is told of at somebody's next commit.
    """
    shutil.copytree(base, work)
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "invoke", "drain", f"--batch-size={count}"],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
    )
    elapsed = time.perf_counter() - started
    if done.returncode != 0 or f"Total Processed: {count}" not in done.stdout:
        raise RuntimeError(f"the drain failed: {done.stdout[-500:]}{done.stderr[-500:]}")
    return elapsed


def _parallel(log: Path, count: int) -> float:
    """Seconds of a whole GNU parallel over so many jobs."""
    started = time.perf_counter()
    subprocess.run(
        ["parallel", "--will-cite", "-j1", "--joblog", str(log), "/bin/true", ":::", *map(str, range(count))],
        env={**os.environ, "PARALLEL_HOME": str(log.parent)}, capture_output=True, check=True,
    )  # fmt: skip
    return time.perf_counter() - started
