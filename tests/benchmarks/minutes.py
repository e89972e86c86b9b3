"""How many phases of 0.2 s a drain executes in some minutes: with a large backlog, which it reads again now and then, and
with a small one. Where the small one is empty before, its phases are counted up to there and their rate is taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.benchmarks.backlog_texts import DISTINCT, FEW, BacklogTexts
from tests.benchmarks.bench import Bench
from tests.benchmarks.drained import drain
from tests.benchmarks.figure import Figure, Pair

_FULL_MINUTES: Final = 5.0
_REFRESH_S: Final = 30.0
"""The default. A shorter drain reads again as many times."""


def measure(bench: Bench) -> list[Figure]:
    kinds = (DISTINCT,) if bench.sizes.is_gate else (DISTINCT, FEW)
    return [_figure(bench, texts) for texts in kinds]


def _figure(bench: Bench, texts: BacklogTexts) -> Figure:
    sizes = bench.sizes
    pairs = [_pair(bench, texts) for _ in range(sizes.pairs if sizes.is_gate else 1)]
    return Figure.of("minutes", pairs, texts=texts.name, rows=sizes.rows, minutes=sizes.minutes)


def _pair(bench: Bench, texts: BacklogTexts) -> Pair:
    """In the gate side by side: the phases sleep, and two minutes are few."""
    sizes = bench.sizes
    refresh_s = max(1.0, _REFRESH_S * sizes.minutes / _FULL_MINUTES)
    settings = {"command": {"argv": ["/bin/sleep", "0.2"]}, "refresh_s": refresh_s, "batch_size": 1_000_000}
    large = bench.backlogs.project(sizes.rows, texts, **settings)
    small = bench.backlogs.fresh(sizes.small, texts, **settings)
    with ThreadPoolExecutor(2 if sizes.is_gate else 1) as pool:
        ours, theirs = pool.map(lambda project: _executed(project, sizes.minutes), (large, small))
    return ours, theirs


def _executed(project: Path, minutes: float) -> float:
    """At its rate from the start of the command to its end, which is a moment after the last phase may begin."""
    taken, phases = drain(project, f"--max-total-minutes={minutes:g}")
    return phases / taken.wall_s * minutes * 60
