"""Rows that somebody has locked: they keep no other waiting."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from tests.workplace import DEADLINE_S, Workplace, wait_for


@contextlib.contextmanager
def locked(work: Workplace, run_id: str) -> Iterator[None]:
    """Somebody holds the row in a transaction of their own."""
    with work.engine.connect() as connection, connection.begin():
        connection.execute(sa.text("SELECT * FROM phases WHERE run_id = :r FOR UPDATE"), {"r": run_id})
        yield


def test_a_row_that_somebody_has_locked_keeps_no_other_waiting(on_server: Workplace) -> None:
    on_server.configure(patience={"lock_s": 1})
    on_server.fail("a/p", "b/p", "c/p")
    with locked(on_server, "a"):
        ran = on_server.inv("drain", "--policy=run-order")
    assert (ran.code, "somebody has its row locked" in ran.out) == (75, True), ran
    assert on_server.states() == {"a/p": "FAILED", "b/p": "COMPLETE", "c/p": "COMPLETE"}
    assert on_server.session()["status"] == "interrupted"
    assert (on_server.inv("resume").code, on_server.states()["a/p"]) == (0, "COMPLETE")


def test_a_result_whose_row_is_locked_waits_and_others_go_on(on_server: Workplace) -> None:
    on_server.configure(patience={"lock_s": 1})
    on_server.fail("a/p~until=go", "b/p", "c/p")
    drain = on_server.start("drain", "--workers=2", "--policy=run-order")
    wait_for(lambda: on_server.states()["a/p~until=go"] == "EXECUTING", "the first to be claimed")
    with locked(on_server, "a"):
        (on_server.root / "go").touch()
        wait_for(lambda: on_server.states()["c/p"] == "COMPLETE", "the others to be drained")
    out, _ = drain.communicate(timeout=DEADLINE_S)
    assert (drain.returncode, set(on_server.states().values())) == (0, {"COMPLETE"}), out


def test_recovery_passes_over_a_row_that_somebody_has_locked(on_server: Workplace) -> None:
    on_server.configure(patience={"lock_s": 1})
    on_server.fail("a/p~hang", "b/p", reason="before")
    drain = on_server.start("drain", "--run-id=a")
    wait_for((on_server.root / "witness.txt").exists, "the command to begin")
    drain.kill()
    drain.communicate(timeout=DEADLINE_S)

    with locked(on_server, "a"):
        ran = on_server.inv("drain", "--run-id=b")
    assert (ran.code, on_server.states()["b/p"]) == (0, "COMPLETE"), ran
    assert "somebody has its row locked; the next command tries again" in ran.out
    assert on_server.inv("recover").out.splitlines()[-1] == "1 recovered, 0 still held."
    assert on_server.phases()["a/p~hang"] == ("FAILED", "before")
