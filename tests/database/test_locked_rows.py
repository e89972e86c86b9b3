"""Rows that somebody has locked: they keep no other waiting."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Patience, Source
from batchdrain.database.connection import open_database
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.phase import PhaseKey, RowState
from batchdrain.model.state_words import NULL
from tests.support.workplace import DEADLINE_S, Workplace, ended, read_until, wait_for


@contextlib.contextmanager
def locked(project: Workplace, run_id: str) -> Iterator[sa.Connection]:
    """Somebody holds the row in a transaction of their own."""
    with project.engine.connect() as connection, connection.begin():
        connection.execute(sa.text("SELECT * FROM phases WHERE run_id = :r FOR UPDATE"), {"r": run_id})
        yield connection


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


def test_a_phase_that_was_locked_by_who_took_it_is_no_reason_to_try_again(server_project: Workplace) -> None:
    """Another controller was faster: this one has nothing left to do, and ends well."""
    server_project.configure(patience={"lock_s": 1})
    server_project.fail("a/p", "b/p~until=go")
    with locked(server_project, "a") as theirs:
        drain = server_project.start("drain", "--workers=2", "--policy=run-order")
        read_until(drain, "somebody has its row locked")
        theirs.execute(sa.text("UPDATE phases SET state = 'COMPLETE' WHERE run_id = 'a'"))
    (server_project.root / "go").touch()
    assert ended(drain)[0] == 0
    assert server_project.session()["status"] == "complete"
    assert server_project.taken() == ["b/p~until=go"]


@pytest.mark.parametrize("failed", ["FAILED", None], ids=["a word", "NULL"])
def test_a_claim_and_a_result_wait_for_no_other_row_that_has_the_same_state(
    server_project: Workplace, failed: str | None
) -> None:
    """On MariaDB an UPDATE locks every row that its index gives, and controllers would wait for each other: deadlocks."""
    project = server_project
    project.sql("DROP TABLE phases")
    project.sql(
        "CREATE TABLE phases (no INTEGER PRIMARY KEY, run_id VARCHAR(200), phase_id VARCHAR(200), phase_index INTEGER, "
        "state VARCHAR(40), last_failure_reason TEXT)"
    )
    rows = [(f"r{number % 20}", f"p{number}", "DONE" if number > 2 else failed) for number in range(500)]
    project.sql(
        "INSERT INTO phases (no, run_id, phase_id, state) VALUES (:n, :r, :p, :s)",
        [{"n": number, "r": run, "p": phase, "s": state} for number, (run, phase, state) in enumerate(rows)],
    )
    project.sql("CREATE INDEX by_run ON phases (run_id)")
    project.sql("CREATE INDEX by_state ON phases (state)")
    project.sql("ANALYZE TABLE phases" if project.url.startswith("mysql") else "ANALYZE phases")
    database = open_database(project.url, patience=Patience(lock_s=1))
    states = {"failed": [failed], "complete": "DONE", "executing": "EXECUTING", "queued": "QUEUED"}
    table = PhaseTable.reflect(database, Source.model_validate({"states": states}))
    mine, others = PhaseKey("r1", "p1"), "UPDATE phases SET phase_index = 1 WHERE no IN (0, 2)"
    prior = RowState(state=NULL if failed is None else failed, reason=None)
    try:
        with project.engine.connect() as theirs, theirs.begin():
            theirs.exec_driver_sql(others)
            database.write(lambda connection: table.take(connection, mine, prior), may_wait=False)
        project.sql("UPDATE phases SET state = 'EXECUTING' WHERE no IN (0, 2)")
        with project.engine.connect() as theirs, theirs.begin():
            theirs.exec_driver_sql(others)
            database.write(
                lambda connection: table.finish(connection, mine, "EXECUTING", "DONE", reason=None), may_wait=False
            )
    finally:
        database.close()
    assert project.sql("SELECT state FROM phases WHERE no = 1") == [("DONE",)]
