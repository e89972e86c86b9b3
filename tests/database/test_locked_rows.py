"""Rows that somebody has locked: they keep no other waiting."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from tests.support.workplace import DEADLINE_S, Workplace, wait_for


@contextlib.contextmanager
def locked(project: Workplace, run_id: str) -> Iterator[None]:
    """Somebody holds the row in a transaction of their own."""
    with project.engine.connect() as connection, connection.begin():
        connection.execute(sa.text("SELECT * FROM phases WHERE run_id = :r FOR UPDATE"), {"r": run_id})
        yield


def test_a_row_that_somebody_has_locked_keeps_no_other_waiting(server_project: Workplace) -> None:
    server_project.configure(patience={"lock_s": 1})
    server_project.fail("a/p", "b/p", "c/p")
    with locked(server_project, "a"):
        ran = server_project.inv("drain", "--policy=run-order")
    assert (ran.code, "somebody has its row locked" in ran.out) == (75, True), ran
    assert server_project.states() == {"a/p": "FAILED", "b/p": "COMPLETE", "c/p": "COMPLETE"}
    assert server_project.session()["status"] == "interrupted"
    assert (server_project.inv("resume").code, server_project.states()["a/p"]) == (0, "COMPLETE")


def test_a_result_whose_row_is_locked_waits_and_others_go_on(server_project: Workplace) -> None:
    server_project.configure(patience={"lock_s": 1})
    server_project.fail("a/p~until=go", "b/p", "c/p")
    drain = server_project.start("drain", "--workers=2", "--policy=run-order")
    wait_for(lambda: server_project.states()["a/p~until=go"] == "EXECUTING", "the first to be claimed")
    with locked(server_project, "a"):
        (server_project.root / "go").touch()
        wait_for(lambda: server_project.states()["c/p"] == "COMPLETE", "the others to be drained")
    out, _ = drain.communicate(timeout=DEADLINE_S)
    assert (drain.returncode, set(server_project.states().values())) == (0, {"COMPLETE"}), out


def test_recovery_passes_over_a_row_that_somebody_has_locked(server_project: Workplace) -> None:
    server_project.configure(patience={"lock_s": 1})
    server_project.fail("a/p~hang", "b/p", reason="before")
    drain = server_project.start("drain", "--run-id=a")
    wait_for((server_project.root / "witness.txt").exists, "the command to begin")
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)

    with locked(server_project, "a"):
        ran = server_project.inv("drain", "--run-id=b")
    assert (ran.code, server_project.states()["b/p"]) == (0, "COMPLETE"), ran
    assert "somebody has its row locked; the next command tries again" in ran.out
    assert server_project.inv("recover").out.splitlines()[-1] == "1 recovered, 0 still held."
    assert server_project.phases()["a/p~hang"] == ("FAILED", "before")
