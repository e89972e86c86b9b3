"""A large backlog without an index of ours: the first choice and the later ones, in both databases."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.benchmarks.backlog_texts import DISTINCT, FEW, BacklogTexts
from tests.benchmarks.backlogs import postgresql
from tests.benchmarks.bench import Bench
from tests.benchmarks.figure import Figure, Pair
from tests.benchmarks.first_choice import CHOICES
from tests.benchmarks.machine import ROOT

HALF_MS = 0.5


def measure(bench: Bench) -> list[Figure]:
    rows, figures = bench.sizes.rows, []
    for texts in (DISTINCT, FEW):
        figures += _choices(bench, texts, "sqlite", f"sqlite:///{bench.backlogs.sqlite(rows, texts)}")
        with postgresql(rows, texts) as url:
            figures += _choices(bench, texts, "postgresql", url)
    return figures


def _choices(bench: Bench, texts: BacklogTexts, database: str, url: str) -> list[Figure]:
    """SQLite works in our process: its times are the processor's. A server's work shows by the clock alone."""
    argv = [sys.executable, "-m", "tests.benchmarks.first_choice", url, str(bench.sizes.pairs)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=ROOT)
    found: dict[str, Any] = json.loads(done.stdout)
    which = 1 if database == "sqlite" or bench.sizes.is_gate else 0
    note = "processor time" if which else "by the clock"
    first: list[Pair] = [
        (ours[which] * 1000, bare[which] * 1000) for ours, bare in zip(found["first"], found["bare"], strict=True)
    ]
    later: list[Pair] = [(taken[which] * 1000, HALF_MS) for taken in found["later"]]
    return [
        Figure.of(f"first-choice-{database}", first, texts=texts.name, note=note, rows=bench.sizes.rows),
        Figure.of(
            f"later-choice-{database}",
            later,
            texts=texts.name,
            rows=bench.sizes.rows,
            note=f"{found['lanes']} lanes, {CHOICES} choices, {note}",
        ),
    ]
