"""Two commands, in turns: what else the machine does meanwhile falls on both alike."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one process and all that it waited for, in seconds."""

    wall_s: float
    cpu_s: float  #: user and system: another's load falls on it less than on the clock's time


def cost(argv: Sequence[str], cwd: Path, *, code: int = 0, env: Mapping[str, str] | None = None) -> Cost:
    """Run it to its end. Raises RuntimeError where it ends otherwise."""
    with (cwd / "printed").open("wb") as printed:
        started = time.perf_counter()
        process = subprocess.Popen(argv, cwd=cwd, env=env, stdout=printed, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        raise RuntimeError(f"{argv} exited {process.returncode}: {(cwd / 'printed').read_text()[-500:]}")
    return Cost(wall_s, used.ru_utime + used.ru_stime)


def in_turns(ours: Callable[[], Cost], theirs: Callable[[], Cost], rounds: int) -> tuple[list[Cost], list[Cost]]:
    """So many of each; who begins alternates."""
    found: tuple[list[Cost], list[Cost]] = ([], [])
    for round_ in range(rounds):
        for which in (0, 1) if round_ % 2 == 0 else (1, 0):
            found[which].append((ours, theirs)[which]())
    return found


def median_cpu_s(costs: Sequence[Cost]) -> float:
    return statistics.median(cost.cpu_s for cost in costs)


def median_wall_s(costs: Sequence[Cost]) -> float:
    return statistics.median(cost.wall_s for cost in costs)
