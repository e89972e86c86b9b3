"""A database that is silent while a command begins: what is waited for is said in one line on stderr, and how long at most."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa

from tests.chaos.broken_ways import SILENT, url_of
from tests.chaos.fake_servers import strange
from tests.cli.telling import SECRET
from tests.support.workplace import DEADLINE_S, Beside, Workplace

WAITING = "batchdrain: waiting for database "
PATIENT = {"operation_s": 600, "outage_s": 1}
"""No test lasts for as long: each ends the silence once it is told of."""
TASKS = ("drain", "dry-run", "dry-run --format=json", "list-run-counts", "clusters --format=json", "recover", "pick-next-run",
         "resume", "sessions --format=json", "doctor", "doctor --format=json", "init")  # fmt: skip


def next_line(drain: Beside) -> str:
    """What it says on stderr first."""
    assert drain.stderr is not None
    return drain.stderr.readline().decode()


def left(drain: Beside) -> tuple[str, str]:
    """What it says from now on."""
    out, err = drain.communicate(timeout=DEADLINE_S)
    return out.decode(), err.decode()


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize("name", [name for name in SILENT if name.startswith("postgresql") or "statement" in name])
def test_a_silent_server_is_told_in_one_line_before_it_is_left(sqlite_project: Workplace, name: str) -> None:
    with strange(SILENT[name]) as server:
        sqlite_project.configure(database_url=url_of(name, server.port), patience=PATIENT)
        drain = sqlite_project.start("dry-run")
        said = next_line(drain)
        server.close()
        out, err = left(drain)

    assert said.startswith(f"{WAITING}{sa.make_url(url_of(name, server.port)).render_as_string()}"), said
    is_login = "login" in said
    assert said.endswith(
        "to finish the login, for 20 s at most\n" if is_login else "to answer, for 600 s at most (patience.operation_s)\n"
    )
    assert is_login == (name.split(": ")[1] in {"no word", "no TLS after the promise of it"})
    assert (WAITING in err, out, SECRET in said + err) == (False, "", False)
    assert drain.wait() == 75


@pytest.mark.everyday("sqlite")
def test_every_task_that_asks_a_silent_server_says_so_once_and_nothing_on_stdout(sqlite_project: Workplace) -> None:
    name = "postgresql: nothing after a statement"
    with strange(SILENT[name]) as server:
        sqlite_project.configure(database_url=url_of(name, server.port), patience=PATIENT)
        (sqlite_project.root / "bare").mkdir()
        init = Workplace(root=sqlite_project.root / "bare", url=sqlite_project.url)
        (init.root / "invoke.yaml").unlink()
        asked = {
            task: (init.start("init", f"--database-url={url_of(name, server.port)}") if task == "init" else
                   sqlite_project.start(*task.split()))
            for task in TASKS
        }  # fmt: skip
        first = {task: next_line(drain) for task, drain in asked.items()}
        server.close()
        rest = {task: left(drain) for task, drain in asked.items()}

    assert [task for task in TASKS if not first[task].startswith(WAITING)] == []
    assert [task for task in TASKS if WAITING in rest[task][1] or WAITING in rest[task][0]] == []
    for task in TASKS:
        if "json" in task and rest[task][0]:
            json.loads(rest[task][0])


@pytest.mark.everyday("sqlite")
@pytest.mark.parametrize(("mode", "lock"), [("DELETE", "EXCLUSIVE"), ("WAL", "IMMEDIATE")])
def test_a_file_that_somebody_has_locked_is_told_and_the_drain_goes_on_once_it_is_free(
    sqlite_project: Workplace, mode: str, lock: str
) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(patience={"operation_s": 300})
    path = sa.make_url(sqlite_project.url).database
    with closing(sqlite3.connect(str(path), isolation_level=None)) as other:
        other.execute(f"PRAGMA journal_mode={mode}")
        other.execute(f"BEGIN {lock}")
        drain = sqlite_project.start("drain")
        said = next_line(drain)
        other.execute("ROLLBACK")
        out, err = left(drain)

    assert said.startswith(f"{WAITING}sqlite:///"), said
    assert said.endswith("to answer, for 300 s at most (patience.operation_s)\n")
    assert (drain.wait(), err) == (0, ""), out
    assert sqlite_project.states() == {"r/a": "COMPLETE"}
