"""An error that ends a session before its first phase is told to others, as every other end is; and later in the summary."""

from __future__ import annotations

import pytest

from tests.drain.test_notify import heard, tells
from tests.support.workplace import Workplace

BREAKS = """
from concurrent.futures import Executor

class Broken(Executor):
    def submit(self, fn, /, *args, **kwargs):
        raise RuntimeError("no workers here")

def make(settings=None, **_):
    return Broken()
"""


@pytest.mark.parametrize("task", ["drain", "drain-queued --run-id=q", "drain-all"])
def test_it_is_told_with_its_exit_code(sqlite_project: Workplace, task: str) -> None:
    (sqlite_project.root / "broken.py").write_text(BREAKS)
    tells(sqlite_project, engine="broken:make")
    sqlite_project.fail("r/a")
    sqlite_project.add(("q", "b", 0, "QUEUED", None))
    ran = sqlite_project.inv(*task.split(), env={"PYTHONPATH": str(sqlite_project.root)})
    assert ran.code == 75, ran
    told = heard(sqlite_project)
    assert [(one["STATUS"], one["EXIT_CODE"], one["stdin"]["total_processed"]) for one in told] == [("interrupted", "75", 0)]
    assert told[0]["stdin"]["exit_code"]["why"].startswith("Exit code 75: ")
    assert "no workers here" in ran.err

    again = sqlite_project.inv("resume", env={"PYTHONPATH": str(sqlite_project.root)})
    assert (again.code, len(heard(sqlite_project))) == (75, 2), again
    assert sqlite_project.inv("summary", "--format=json").json()["exit_code"]["code"] == 75


def test_an_error_that_keeps_a_session_from_beginning_is_told_to_nobody(sqlite_project: Workplace) -> None:
    tells(sqlite_project, engine="no_such_module:make")
    sqlite_project.fail("r/a")
    assert sqlite_project.inv("drain").code == 78
    assert heard(sqlite_project) == []
