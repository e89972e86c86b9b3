"""Judging a failure text: linear in its length, also for texts made to be slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from batchdrain.failures import categorise, fingerprint
from batchdrain.failures.suffix import strip_suffix
from tests.benchmarks.figure import Figure

UNITS = ("(", "'", "/", "_", "a_", "\x00", "a.", "status code ", "package a", "expected output ", "connection ")
ROUNDS = 5


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    costs = {unit: (_judged(unit, 8_000), _judged(unit, 2_000)) for unit in UNITS}
    worst = max(costs, key=lambda unit: costs[unit][0] / costs[unit][1])
    few, many = (2_000, 8_000) if quick else (20_000, 80_000)
    return [
        Figure(
            name="a hostile text of 8 000 characters", ours=costs[worst][0], reference=costs[worst][1], unit="ms",
            against="one of 2 000", bound=8.0, note=f"the worst of {len(UNITS)} kinds: {worst!r}",
        ),
        Figure(
            name=f"{many} suffixes taken off", ours=_stripped(many), reference=_stripped(few), unit="ms",
            against=f"{few} of them", bound=8.0,
        ),
    ]  # fmt: skip


def _judged(unit: str, chars: int) -> float:
    text = (unit * chars)[:chars] + "x"

    def judge(number: int) -> None:
        categorise(f"{text}{number}")  # each text is new: what is remembered takes no time
        fingerprint(f"{text}{number}")

    return _least_ms(judge)


def _stripped(count: int) -> float:
    text = "boom" + " [exit code 1; log: a]" * count
    return _least_ms(lambda _: strip_suffix(text))


def _least_ms(work: Callable[[int], object]) -> float:
    taken = []
    for number in range(ROUNDS):
        begun = time.thread_time()
        work(number)
        taken.append(time.thread_time() - begun)
    return min(taken) * 1000
