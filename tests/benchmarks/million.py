"""A million failed phases without an index of ours: the first choice against a bare scan, the later ones, the memory.

`python -m tests.benchmarks.million URL` measures one database in a process of its own, and prints JSON.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from batchdrain.config.load import load
from batchdrain.drain.project import Project
from batchdrain.model.states import PhaseState
from batchdrain.planning.filters import Filters
from batchdrain.planning.planner import Selection
from batchdrain.runtime import clock
from tests.benchmarks.figure import Figure
from tests.benchmarks.sample import REASONS, RUNS, make_project
from tests.support import servers

CHOICES = 500
ROUNDS = 5
FEW = 1_000
BARE = "SELECT run_id, phase_id, phase_index, last_failure_reason FROM phases WHERE state = 'FAILED'"


def measure(folder: Path, *, quick: bool) -> list[Figure]:
    many = 50_000 if quick else 1_000_000
    figures = []
    for database in ("SQLite", "PostgreSQL"):
        found = {}
        for failed in (FEW, many):
            with _table(database, folder, failed) as url:
                found[failed] = _measured(url)
        figures += _figures(database, many, found[FEW], found[many])
    return figures


def _figures(database: str, many: int, few: dict[str, float], lots: dict[str, float]) -> list[Figure]:
    lanes_mb = lots["lanes"] / 1_000
    return [
        Figure(
            name=f"the first choice among {many}, {database}", ours=lots["first_s"] * 1000, reference=lots["bare_s"] * 1000, unit="ms",
            against="a bare scan of the same four columns", bound=2.0, note=f"by the driver alone, medians of {ROUNDS}",
        ),
        Figure(
            name=f"a choice after that, {database}", ours=lots["choice_us"] / 1000, reference=0.5, unit="ms",
            against="half a millisecond", bound=1.0, note=f"{lots['lanes']:.0f} lanes, {CHOICES} choices",
        ),
        Figure(
            name=f"peak memory, {database}", ours=lots["peak_mb"], reference=few["peak_mb"] + lanes_mb / 1.3, unit="MB",
            against=f"with {FEW} failed", bound=1.3, note="beside 1 kB a lane",
        ),
    ]  # fmt: skip


def _measured(url: str) -> dict[str, float]:
    argv = [sys.executable, "-m", "tests.benchmarks.million", url]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    found: dict[str, float] = json.loads(done.stdout)
    return found


@contextmanager
def _table(database: str, folder: Path, failed: int) -> Iterator[str]:
    """The URL of a database with so many failed phases; dropped after."""
    if database == "SQLite":
        path = make_project(folder / f"million-{failed}", failed)
        yield f"sqlite:///{path}"
        path.unlink()
        return
    with servers.postgresql() as server:
        name = f"bd_bench_{uuid.uuid4().hex[:12]}"
        admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.pool.NullPool)
        with admin.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        try:
            url = server.set(database=name)
            _fill(sa.create_engine(url, poolclass=sa.pool.NullPool), failed)
            yield url.render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def _fill(engine: sa.Engine, failed: int) -> None:
    """The same rows as in SQLite, made by the server."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT, "
            "PRIMARY KEY (run_id, phase_id))"
        )
        rows = sa.text(
            "INSERT INTO phases SELECT 'run-' || lpad((n % :runs)::text, 3, '0'), 'phase-' || n / :runs || '-' || n, n / :runs, "
            "'FAILED', replace((:reasons)[n % :kinds + 1], '{n}', (n % 97)::text) FROM generate_series(0, :last) n"
        ).bindparams(sa.bindparam("reasons", type_=sa.ARRAY(sa.Text)))
        connection.execute(rows, {"runs": RUNS, "reasons": list(REASONS), "kinds": len(REASONS), "last": failed - 1})


def main(url: str) -> None:
    settings = load({"database_url": url}, {})
    project = Project.open(settings, {}, Path.cwd())
    firsts, bares, backlog = [], [], None
    for _ in range(ROUNDS):
        backlog = Selection(store=project.store, settings=settings, filters=Filters(), state=PhaseState.FAILED).backlog()
        begun = time.perf_counter()
        backlog.refresh(clock.now())
        backlog.next(clock.now())
        firsts.append(time.perf_counter() - begun)
        bares.append(_bare_s(project))
    if backlog is None:
        raise AssertionError("there are rounds")
    begun = time.perf_counter()
    for _ in range(CHOICES):
        choice = backlog.next(clock.now())
        if choice is not None:
            backlog.touch(choice.phase.run_id, clock.now())
    found: dict[str, Any] = {
        "first_s": statistics.median(firsts),
        "bare_s": statistics.median(bares),
        "choice_us": (time.perf_counter() - begun) / CHOICES * 1e6,
        "lanes": sum(map(len, backlog._lanes_of.values())),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }
    project.close()
    print(json.dumps(found))


def _bare_s(project: Project) -> float:
    """Seconds to draw the four columns through the driver alone."""
    with project.store.database.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        lite = project.store.database.dialect == "sqlite"
        if lite:
            driver.text_factory = str
        cursor = driver.cursor() if lite else driver.cursor(name="bare")
        begun = time.perf_counter()
        cursor.execute(BARE)
        if not lite:
            cursor.itersize = 500
        for _ in cursor:
            pass
        taken = time.perf_counter() - begun
        connection.invalidate()  # its text factory is ours
    return taken


if __name__ == "__main__":
    main(sys.argv[1])
