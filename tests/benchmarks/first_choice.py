"""`python -m tests.benchmarks.first_choice URL ROUNDS`: what choosing costs in one database, in a process of its own.

Prints JSON. The first choice and a bare scan of the same four columns take turns. Each time is told twice: by the clock, and
as processor time of this process, on which another's load falls least.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from batchdrain.config.load import load
from batchdrain.drain.project import Project
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.lane_backlog import LaneBacklog
from batchdrain.planning.planner import Selection
from batchdrain.runtime import clock
from tests.benchmarks.bare_scan import BARE
from tests.benchmarks.choice import failed_attempt

CHOICES: Final = 100
Taken = tuple[float, float]
"""Seconds by the clock, and of the processor."""


def main(url: str, rounds: int) -> None:
    settings = load({"database_url": url, "stop": {"max_repeats": 0}}, {})
    project = Project.open(settings, {}, Path.cwd())
    firsts, bares, laters = [], [], []
    lanes = 0
    for _ in range(rounds):
        backlog = Selection(store=project.store, settings=settings, filters=Filters(), state=PhaseState.FAILED).backlog()
        begun = _now()
        backlog.refresh(clock.now())
        backlog.next(clock.now())
        firsts.append(_since(begun))
        bares.append(_bare(project))
        lanes = len(backlog.ranks())
        laters.append(_later(backlog))
    project.close()
    print(json.dumps({"first": firsts, "bare": bares, "later": laters, "lanes": lanes}))


def _later(backlog: LaneBacklog) -> Taken:
    """Of one choice after the first, with the result of each applied."""
    begun, made = _now(), 0
    while made < CHOICES and (choice := backlog.next(clock.now())) is not None:
        made += 1
        backlog.touch(choice.phase.run_id, clock.now(), failed_attempt(choice))
    wall_s, cpu_s = _since(begun)
    return wall_s / max(1, made), cpu_s / max(1, made)


def _bare(project: Project) -> Taken:
    """Of drawing the four columns through the driver alone."""
    with project.store.database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        begun = _now()
        for _ in _rows(driver, lite=project.store.database.dialect == "sqlite"):
            pass
        taken = _since(begun)
        connection.invalidate()  # its text factory is ours
    return taken


def _rows(driver: Any, *, lite: bool) -> Iterator[Any]:
    if lite:
        driver.text_factory = str
    cursor = driver.cursor() if lite else driver.cursor(name="bare")
    cursor.execute(BARE)
    if not lite:
        cursor.itersize = 500
    return iter(cursor)


def _now() -> Taken:
    return time.perf_counter(), time.process_time()


def _since(begun: Taken) -> Taken:
    wall_s, cpu_s = _now()
    return wall_s - begun[0], cpu_s - begun[1]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
