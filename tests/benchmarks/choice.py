"""A choice without its claim: the same with a thousand and with a hundred thousand failures, and no reading for each."""

from __future__ import annotations

import time
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
from tests.benchmarks.bench import Bench
from tests.benchmarks.figure import Figure
from tests.benchmarks.sample import make_project

CHOICES = 500
LEARNING: list[str | dict[str, Any]] = ["hints", "best-yield", "smart"]
MOST_MS = 0.5
"""What a choice may take with thousands of lanes, by a policy that learns."""


def measure(bench: Bench) -> list[Figure]:
    few, many = bench.sizes.choices
    runs = many // 100
    lanes = make_project(bench.folder / "lanes", 10 * runs, runs=runs)
    paths = {failed: make_project(bench.folder / f"choice-{failed}", failed) for failed in (few, many)}
    pairs, reads, learning = [], [], []
    for _ in range(bench.sizes.pairs):
        (large, read), (small, _) = _choices(paths[many]), _choices(paths[few])
        pairs.append((large, small))
        reads.append((float(read), 1.0))
        learning.append((_choices(lanes, LEARNING)[0] / 1000, MOST_MS))
    return [
        Figure.of("choice", pairs, note=f"processor time of {CHOICES} choices", failed=many),
        Figure.of("readings", reads, choices=CHOICES),
        Figure.of("choice-learning", learning, note="processor time", lanes=7 * runs),
    ]


def _choices(path: Path, policy: list[str | dict[str, Any]] | None = None) -> tuple[float, int]:
    """(microseconds of each choice after the first, readings of the backlog)."""
    section: dict[str, object] = {"database_url": f"sqlite:///{path}", "stop": {"max_repeats": 0}}
    settings = load(section | ({"policy": policy} if policy else {}), {})
    project = Project.open(settings, {}, path.parent)
    backlog = Selection(store=project.store, settings=settings, filters=Filters(), state=PhaseState.FAILED).backlog()
    backlog.refresh(clock.now())
    backlog.next(clock.now())
    reads = 1
    started = time.process_time()
    for _ in range(CHOICES):
        choice = backlog.next(clock.now())
        if choice is None:
            reads += 1
            backlog.refresh(clock.now())
            continue
        backlog.touch(choice.phase.run_id, clock.now(), failed_attempt(choice) if policy else None)
    cost = (time.process_time() - started) / CHOICES * 1e6
    project.close()
    return cost, reads


def failed_attempt(choice: Choice) -> Attempt:
    """As if its command had failed as it did before."""
    phase, now = choice.phase, clock.now()
    return Attempt(
        phase=phase, epoch=1, attempt=1, outcome=Outcome.FAILED, final_state="FAILED", reason=phase.reason, failure=phase.failure,
        exit_code=1, signal=None, started_at=now, ended_at=now, duration_s=len(phase.phase_id),
        limit=TimeLimit(seconds=60, rule=""), stdout_path="", stderr_path="",
    )  # fmt: skip
