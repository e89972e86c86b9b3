"""Where no database answers, each task says what is true of it: nothing was recorded by then, and nothing is to be resumed."""

from __future__ import annotations

import socket

import pytest

from tests.support.workplace import Workplace

TASKS = (
    "init --yes", "doctor", "drain", "dry-run", "drain-queued --run-id=r", "chain-with-queued --run-id=r", "drain-all",
    "resume", "accept", "accept --run-id=r --reason=x", "clusters", "explain", "hint", "list-run-counts", "pick-next-run",
    "pause", "stop", "status", "reopen", "recover", "prune --older-than=30d", "triage",
)  # fmt: skip


CASES = [*(("postgresql", task) for task in TASKS), *(("mysql+pymysql", task) for task in ("init --yes", "doctor", "drain"))]


@pytest.mark.parametrize(("scheme", "task"), CASES)
def test_a_task_that_reaches_no_server_says_what_to_look_at(sqlite_project: Workplace, scheme: str, task: str) -> None:
    with socket.socket() as nobody:  # bound, and nobody listens
        nobody.bind(("127.0.0.1", 0))
        url = f"{scheme}://somebody@127.0.0.1:{nobody.getsockname()[1]}/work"
        sqlite_project.configure(database_url=url, triage={"argv": ["true"]}, patience={"operation_s": 1, "outage_s": 0})
        if task.startswith("init"):  # with a section it would look at no database
            (sqlite_project.root / "invoke.yaml").unlink()
        ran = sqlite_project.inv(*task.split(), env={"DATABASE_URL": url})
    said = ran.out + ran.err
    assert ran.code == 75, ran
    assert "check that the server runs and that the URL is right (host, port)" in said
    assert "recorded" not in said
    assert "inv resume" not in said


def test_a_sqlite_file_that_somebody_locks_is_no_reason_to_resume(sqlite_project: Workplace) -> None:
    sqlite_project.fail("r/a")
    sqlite_project.configure(patience={"operation_s": 1, "outage_s": 0})
    with sqlite_project.engine.connect() as other:
        other.exec_driver_sql("BEGIN EXCLUSIVE")
        ran = sqlite_project.inv("drain")
        other.rollback()
    assert (ran.code, "find out who holds the lock, then try again" in ran.err, "resume" in ran.err) == (75, True, False), ran
