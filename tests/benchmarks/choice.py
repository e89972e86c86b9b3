"""A choice without its claim: the same with a thousand and with a hundred thousand failures, and no reading for each."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

from batchdrain.config.load import load
from batchdrain.drain.project import Project
from batchdrain.model.attempt import Attempt
from batchdrain.model.claim import Choice, TimeLimit
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import Selection
from batchdrain.runtime import clock
from tests.benchmarks.figure import Figure
from tests.benchmarks.sample import make_project

CHOICES = 500
LEARNING: list[str | dict[str, Any]] = ["hints", "best-yield", "smart"]
MOST_MS = 0.5
"""What a choice may take with thousands of lanes, by a policy that learns."""


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    sizes = (1_000, 10_000 if quick else 100_000)
    costs: dict[int, float] = {}
    reads: Counter[int] = Counter()
    first, bare = 0.0, 0.0
    runs = 100 if quick else 1_000
    lanes = make_project(folder / "choice-lanes", 10 * runs, runs=runs)
    for failed in sizes:
        path = make_project(folder / f"choice-{failed}", failed)
        bare = _bare_scan(path)
        first, costs[failed], reads[failed] = _choices(path)
    return [
        Figure(
            name=f"a choice among {sizes[1]}", ours=costs[sizes[1]], reference=costs[sizes[0]], unit="us",
            against=f"a choice among {sizes[0]}", bound=2.0, note=f"{CHOICES} choices, readings after the first: {reads[sizes[1]]}",
        ),
        Figure(name="the first choice", ours=first * 1000, reference=bare * 1000, unit="ms", against="a bare scan of four columns"),
        Figure(
            name=f"a choice by best-yield among {7 * runs} lanes", ours=_choices(lanes, LEARNING)[1] / 1000, reference=MOST_MS, unit="ms",
            against="half a millisecond", bound=1.0, note="each followed by a result, from which it learns",
        ),
        Figure(name="readings for 500 choices", ours=float(reads[sizes[1]] + 1), reference=1.0, unit="", against="one", bound=2.0),
    ]  # fmt: skip


def _choices(path: Path, policy: list[str | dict[str, Any]] | None = None) -> tuple[float, float, int]:
    """(seconds to the first choice, microseconds of each later one, readings after the first)."""
    section: dict[str, object] = {"database_url": f"sqlite:///{path}", "stop": {"max_repeats": 0}}
    settings = load(section | ({"policy": policy} if policy else {}), {})
    project = Project.open(settings, {}, path.parent)
    backlog = Selection(store=project.store, settings=settings, filters=Filters(), state=PhaseState.FAILED).backlog()
    started = time.perf_counter()
    backlog.refresh(clock.now())
    backlog.next(clock.now())
    first = time.perf_counter() - started
    reads = 0
    started = time.perf_counter()
    for _ in range(CHOICES):
        choice = backlog.next(clock.now())
        if choice is None:
            reads += 1
            backlog.refresh(clock.now())
            continue
        backlog.touch(choice.phase.run_id, clock.now(), _failed(choice) if policy else None)
    cost = (time.perf_counter() - started) / CHOICES * 1e6
    project.close()
    return first, cost, reads


def _failed(choice: Choice) -> Attempt:
    phase, now = choice.phase, clock.now()
    return Attempt(
        phase=phase, epoch=1, attempt=1, outcome=Outcome.FAILED, final_state="FAILED", reason=phase.reason, failure=phase.failure,
        exit_code=1, signal=None, started_at=now, ended_at=now, duration_s=len(phase.phase_id),
        limit=TimeLimit(seconds=60, rule=""), stdout_path="", stderr_path="",
    )  # fmt: skip


def _bare_scan(path: Path) -> float:
    """Seconds to draw the four columns through the driver alone."""
    with closing(sqlite3.connect(path)) as database:
        started = time.perf_counter()
        query = "SELECT run_id, phase_id, phase_index, last_failure_reason FROM phases WHERE state = 'FAILED'"
        for _ in database.execute(query):
            pass
        return time.perf_counter() - started
