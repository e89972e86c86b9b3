"""procrastinate itself: its own schema, jobs that really failed, its own worker, and a drain that has them succeed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.recipes.support import Recipe, block, safe_load
from tests.support.table_dumps import changes, everything

pytest.importorskip("procrastinate", reason="procrastinate is not installed: pip install 'batchdrain[test]'")

JOBS = """
from pathlib import Path
import procrastinate

app = procrastinate.App(connector=procrastinate.PsycopgConnector())


@app.task(queue="mail")
def send(to):
    if not (Path(__file__).parent / "mended").exists():
        raise ConnectionError(f"no route to {to}")
"""
BEGIN = """
from jobs import app, send

with app.open():
    app.schema_manager.apply_schema()
    for to in range(11):
        send.defer(to=to)
app.run_worker(wait=False)
"""
SETTINGS = block("yaml", "procrastinate_jobs")


@pytest.fixture
def recipe(tmp_path: Path, postgresql_url: str) -> Recipe:
    found = Recipe.begin(tmp_path / "project", postgresql_url)
    found.write("jobs.py", JOBS)
    found.write("begin.py", BEGIN)
    found.write("rerun_procrastinate.py", block("python", "rerun_procrastinate.py"))
    found.run("begin.py")
    return found


def test_jobs_of_procrastinate_that_failed_succeed_in_a_drain(recipe: Recipe) -> None:
    before = everything(recipe.place)
    ran = recipe.inv("init")
    assert ran.code == 0, ran.err
    assert "it has the columns of procrastinate's jobs: docs/tables.md#procrastinate" in ran.out
    section = recipe.section()
    assert (section["source"], section["command"]) == tuple(safe_load(SETTINGS).values())
    assert recipe.inv("doctor").lines[-1] == "All is well."
    assert everything(recipe.place) == before

    assert recipe.inv("drain", "--batch-size=1").code == 1
    assert recipe.place.sql("SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'") == [(11,)]
    recipe.mend()
    jobs = {"procrastinate_jobs": everything(recipe.place)["procrastinate_jobs"]}
    drained = recipe.inv("drain", "--batch-size=3")

    assert drained.code == 0, drained.out
    assert "mail: 3/3 succeeded" in drained.out
    rows = recipe.place.sql("SELECT status, count(*) FROM procrastinate_jobs GROUP BY status ORDER BY status")
    assert [(str(status), count) for status, count in rows] == [("succeeded", 3), ("failed", 8)]
    now = changes(jobs, {"procrastinate_jobs": everything(recipe.place)["procrastinate_jobs"]})
    assert len(now) == 3
    assert set().union(*now.values()) <= {"status", "attempts", "scheduled_at", "worker_id"}  # as its own worker writes them


def test_a_job_that_its_worker_deletes_on_success_is_complete(recipe: Recipe) -> None:
    path = recipe.place.root / "rerun_procrastinate.py"
    path.write_text(path.read_text().replace("wait=False)", "wait=False, delete_jobs='successful')"))
    assert recipe.inv("init").code == 0
    settings = recipe.place.root / "invoke.yaml"
    settings.write_text(settings.read_text().replace("  source: ", "  source:\n    gone_is: complete\n    #"))
    recipe.mend()

    drained = recipe.inv("drain", "--batch-size=2")

    assert (drained.code, "mail: 2/2 succeeded" in drained.out) == (0, True), drained.out
    assert recipe.place.sql("SELECT count(*) FROM procrastinate_jobs") == [(9,)]
