"""django-tasks-db itself: its own migrations, tasks that really failed, its own worker, and a drain that has them succeed."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from tests.recipes.support import Recipe, block, safe_load
from tests.support.table_dumps import changes, everything

pytest.importorskip("django_tasks_db", reason="django-tasks-db is not installed: pip install 'batchdrain[test]'")

SETTINGS = """
import os

SECRET_KEY = "of a test"
USE_TZ = True
INSTALLED_APPS = ["django_tasks_db", "work"]
DATABASES = {"default": %s}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
"""
MANAGE = """
import os
import sys
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "settings")
execute_from_command_line(sys.argv)
"""
JOBS = """
from pathlib import Path
from django_tasks_db.compat import task_backends
try:
    from django.tasks import task
except ImportError:
    from django_tasks import task


@task()
def send(to):
    if not (Path(__file__).parents[1] / "mended").exists():
        raise ConnectionError(f"no route to {to}")
"""
BEGIN = """
import os
import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()
from django.core.management import call_command
from work.jobs import send

call_command("migrate", verbosity=0)
for to in "abc":
    send.enqueue(to)
call_command("db_worker", batch=True, interval=0, startup_delay=False)
"""
WRITTEN = block("yaml", "django_tasks_database_dbtaskresult")


@pytest.fixture
def recipe(tmp_path: Path, database_url: str) -> Recipe:
    url = make_url(database_url)
    engine = "postgresql" if url.get_backend_name() == "postgresql" else "sqlite3"
    given = {"ENGINE": f"django.db.backends.{engine}", "NAME": url.database, "USER": url.username or "", "HOST": url.host or "",
             "PORT": str(url.port or "")}  # fmt: skip
    found = Recipe.begin(tmp_path / "project", database_url)
    found.write("settings.py", SETTINGS % given)
    found.write("manage.py", MANAGE)
    found.write("work/__init__.py", "")
    found.write("work/jobs.py", JOBS)
    found.write("work/management/commands/rerun_task.py", block("python", "manage.py rerun_task"))
    found.write("begin.py", BEGIN)
    found.run("begin.py")
    return found


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
def test_tasks_of_django_that_failed_succeed_in_a_drain(recipe: Recipe) -> None:
    before = everything(recipe.place)
    ran = recipe.inv("init")
    assert ran.code == 0, ran.err
    section, written = recipe.section(), safe_load(WRITTEN)
    written["source"]["states"].pop("failed")  # which is the default
    written["source"]["columns"].pop("state", None)
    section["source"]["columns"].pop("state", None)
    assert (section["source"], section["command"]) == (written["source"], written["command"])
    assert recipe.inv("doctor").code == 0
    shown = recipe.inv("clusters")
    assert "ConnectionError: no route to" in shown.out
    assert everything(recipe.place) == before

    recipe.mend()
    drained = recipe.inv("drain", "--batch-size=2")

    assert (drained.code, "default: 2/2 succeeded" in drained.out) == (0, True), drained.out
    table = "django_tasks_database_dbtaskresult"
    assert recipe.place.sql(f"SELECT status, count(*) FROM {table} GROUP BY status ORDER BY status") == [
        ("FAILED", 1),
        ("SUCCESSFUL", 2),
    ]
    now = changes(before, everything(recipe.place))
    assert len(now) == 2
    assert {name.partition(" ")[0] for name in now} == {table}
    given = {"id", "args_kwargs", "priority", "task_path", "queue_name", "backend_name", "enqueued_at"}
    assert given.isdisjoint(set().union(*now.values()))
