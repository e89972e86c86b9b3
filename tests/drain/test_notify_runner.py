"""The command that is notified of an end: what it is given, what is held while it runs, and how long it is awaited."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from batchdrain.drain.notify import runner
from batchdrain.drain.notify.runner import Notice, notify
from batchdrain.drain.project import Project
from batchdrain.runtime import clock
from batchdrain.sessions import lock
from batchdrain.sessions.session import Session, Status
from tests.support.opened import opened
from tests.support.workplace import Workplace

NAME = "batch-drain-20260102-030405"
HEARS = """
import fcntl, json, os, sys
found = {name: os.environ.get("BATCHDRAIN_" + name) for name in ("SESSION_ID", "STATUS", "EXIT_CODE")}
lock = os.open(sys.argv[1], os.O_RDWR)
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    found["is_held"] = True
print(json.dumps({**found, "stdin": sys.stdin.read(), "cwd": os.getcwd()}), end="")
"""
KILLS = "import os, signal, time; os.kill(int(os.environ['DRAIN']), signal.SIGTERM); time.sleep(600)"


@pytest.fixture
def place(sqlite_project: Workplace) -> Iterator[Project]:
    with opened(sqlite_project, with_ledger=False) as project:
        project.folder.prepare()
        yield project


def told_of(project: Project, *argv: str, **facts: Any) -> tuple[str, list[str]]:
    """Run it. Returns what went wrong, and what people were told meanwhile."""
    project.settings = project.settings.model_copy(
        update={"notify": project.settings.notify.model_copy(update={"argv": [*argv]})}
    )
    session = Session(session_id=NAME, started_at=clock.now(), status=Status.STOPPED)
    told = list[str]()
    given: dict[str, Any] = {
        "session": session,
        "summary": b'{"a": 1}',
        "exit_code": 3,
        "gone_by": None,
        "tell": told.append,
        **facts,
    }
    return notify(project, Notice(**given)), told


def folder_of(project: Project) -> Path:
    return project.folder.folder / NAME / "notify"


def python(code: str, *more: str) -> list[str]:
    return [sys.executable, "-S", "-c", code, *more]


def test_it_gets_the_end_and_the_summary_and_its_folder_is_locked_as_long_as_it_runs(place: Project) -> None:
    where = folder_of(place) / "lock"
    (place.root / "hears.py").write_text(HEARS)
    assert told_of(place, sys.executable, "-S", "hears.py", str(where)) == ("", [])
    [out] = folder_of(place).glob("*.stdout.txt")
    assert json.loads(out.read_text()) == {
        "SESSION_ID": NAME, "STATUS": "stopped", "EXIT_CODE": "3", "is_held": True, "stdin": '{"a": 1}', "cwd": str(place.root),
    }  # fmt: skip
    with where.open() as file:
        assert not lock.is_taken(file.fileno()), "it is free again"
    summary = out.with_name(out.name.replace("stdout.txt", "summary.json"))
    assert (summary.read_bytes(), summary.stat().st_mode & 0o777) == (b'{"a": 1}', 0o600)


def test_each_end_has_files_of_its_own(place: Project) -> None:
    for _ in range(2):
        assert told_of(place, *python("print('x')")) == ("", [])
    assert [path for path in map(os.path.realpath, Path("/proc/self/fd").iterdir()) if "/notify/" in path] == [], (
        "none is left open"
    )
    assert [path.read_text() for path in folder_of(place).glob("*.stdout.txt")] == ["x\n"] * 2


def test_its_failure_is_told_with_its_log_as_people_find_it(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.root)
    problem, told = told_of(place, *python("import sys; sys.exit('no channel')"))
    [log] = folder_of(place).glob("*.stderr.txt")
    assert (problem, told) == (f"failed: no channel [exit 1] (log: {log.relative_to(place.root)})", [])


def test_without_time_nothing_is_started(place: Project) -> None:
    problem, _ = told_of(place, *python("print('x')"), gone_by=monotonic() + 1.5)
    assert problem == "was not started: a signal ended the drain, and no time is left for it"
    assert not folder_of(place).exists()


def test_a_command_that_takes_long_is_said_to_be_awaited_and_for_how_long(
    place: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert runner._PATIENCE_S == 3.0
    monkeypatch.setattr(runner, "_PATIENCE_S", 0.0)
    problem, told = told_of(place, *python("print('x')"))
    assert (problem, told) == ("", ["is awaited, at most 30 s; Ctrl-C ends it"])
    monkeypatch.setattr(runner, "monotonic", lambda: 100.0)
    assert told_of(place, *python("print('x')"), gone_by=109.6)[1] == ["is awaited, at most 9 s; Ctrl-C ends it"]


def test_a_signal_ends_the_command_and_is_named(place: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRAIN", str(os.getpid()))
    before = signal.getsignal(signal.SIGTERM)
    problem, _ = told_of(place, *python(KILLS))
    assert problem == "was ended by SIGTERM"
    assert signal.getsignal(signal.SIGTERM) is before
    with (folder_of(place) / "lock").open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_what_stands_in_the_way_of_its_folder_is_named(place: Project) -> None:
    folder_of(place).parent.mkdir()
    folder_of(place).touch()
    problem, _ = told_of(place, *python("print('x')"))
    assert problem.startswith("was not started: ")
    assert str(folder_of(place)) in problem
