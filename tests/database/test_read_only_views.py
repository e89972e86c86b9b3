"""Sources that are read, and judged by reading: a queue of several tables behind a view, states that a view makes up."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

WORKS = """
import os, sys
import sqlalchemy as sa

engine = sa.create_engine(os.environ["WORK"], poolclass=sa.pool.NullPool)
phase = os.environ["BATCHDRAIN_PHASE_ID"]
with engine.begin() as connection:
    for statement in os.environ["DOES_" + phase].split(";"):
        connection.execute(sa.text(statement), {"phase": phase})
sys.exit(int(os.environ.get("CODE_" + phase, "0")))
"""
QUEUE = (
    "CREATE TABLE queue_jobs (id INTEGER PRIMARY KEY, queue VARCHAR(20) NOT NULL, finished INTEGER)",
    "CREATE TABLE queue_failed (job INTEGER PRIMARY KEY, error VARCHAR(200))",
    "CREATE TABLE queue_ready (job INTEGER PRIMARY KEY)",
    "INSERT INTO queue_jobs VALUES (1, 'mail', NULL), (2, 'mail', NULL), (3, 'mail', NULL), (4, 'mail', 1)",
    'INSERT INTO queue_failed VALUES (1, \'{"message": "boom 1"}\'), (2, \'{"message": "boom 2"}\')',
    "INSERT INTO queue_ready VALUES (3)",
    (
        "CREATE VIEW drainable AS SELECT j.queue AS run_id, j.id AS phase_id, CASE WHEN f.job IS NOT NULL THEN 'failed' "
        "WHEN r.job IS NOT NULL THEN 'ready' WHEN j.finished IS NOT NULL THEN 'finished' ELSE 'claimed' END AS state, f.error AS error "
        "FROM queue_jobs j LEFT JOIN queue_failed f ON f.job = j.id LEFT JOIN queue_ready r ON r.job = j.id"
    ),
)
STATES = {"failed": "failed", "queued": "ready", "executing": "claimed", "complete": "finished"}
READY = "DELETE FROM queue_failed WHERE job = :phase;INSERT INTO queue_ready VALUES (:phase)"
FINISHED = "DELETE FROM queue_failed WHERE job = :phase;UPDATE queue_jobs SET finished = 1 WHERE id = :phase"
WORDS = "CREATE TABLE words (run_id VARCHAR(20), phase_id VARCHAR(20), state VARCHAR(20), why VARCHAR(50), PRIMARY KEY (run_id, phase_id))"
ROWS = "INSERT INTO words VALUES ('r', 'a', 'FAILED', 'x'), ('r', 'b', 'ERROR', 'y'), ('r', 'c', 'COMPLETE', NULL)"


def source(project: Workplace, statements: Sequence[str], table: str, reason: Any = None, **more: Any) -> None:
    for statement in statements:
        project.sql(statement.replace(":phase", ""))
    (project.root / "works.py").write_text(WORKS)
    project.source = {
        "table": table, "columns": {"phase_index": None, "last_failure_reason": reason}, **more,
    }  # fmt: skip
    command = {"argv": [sys.executable, str(project.root / "works.py")], "result_from": "database", "settle_s": 0.2}
    project.configure(command=command, stop={"same_new_failure": 0, "max_repeats": 0})


def dumped(project: Workplace, table: str) -> list[tuple[Any, ...]]:
    return project.sql(f"SELECT * FROM {table} ORDER BY 1, 2")


def test_a_job_that_a_command_leaves_ready_behind_a_view_is_recorded_told_and_blocks_nothing(project: Workplace) -> None:
    source(project, QUEUE, "drainable", {"column": "error", "path": "message"}, states=STATES)
    looked = project.inv("doctor")
    does = {"WORK": project.url, "DOES_1": READY, "CODE_1": "1", "DOES_2": FINISHED}
    ran = project.inv("drain", "--policy=run-order", env=does)
    again, recovered = project.inv("drain"), project.inv("recover")

    assert looked.code == 0, looked
    assert (
        "warn view: a phase that its command leaves in claimed or ready stays in that state, and is not released"
        in looked.out
    ), looked
    assert (ran.code, "mail / 1 stays ready as its command left it" in ran.out) == (1, True), ran
    assert project.sql("SELECT phase_id, outcome, final_state FROM batchdrain_attempt ORDER BY phase_id") == [
        ("1", "failed", "ready"),
        ("2", "complete", "finished"),
    ]
    assert (again.code, recovered.code, recovered.lines[0]) == (0, 0, "0 recovered, 0 still held."), (again, recovered)
    assert dumped(project, "queue_jobs") == [(1, "mail", None), (2, "mail", 1), (3, "mail", None), (4, "mail", 1)]
    assert dumped(project, "queue_ready, queue_jobs WHERE queue_jobs.id = job") != []
    assert [job for (job,) in project.sql("SELECT job FROM queue_ready ORDER BY job")] == [1, 3]
    assert dumped(project, "queue_failed") == []


def test_exit_codes_on_such_a_view_are_refused_with_the_cure(project: Workplace) -> None:
    source(project, QUEUE, "drainable", states=STATES)
    project.configure(command={"result_from": "exit_code"})

    for task in ("drain", "doctor"):
        ran = project.inv(task)
        assert ran.code == 78, ran
        assert "let the command set the state (command.result_from: database)" in ran.out + ran.err, ran
    assert project.sql("SELECT count(*) FROM queue_failed") == [(2,)]


def test_a_killed_controller_leaves_no_claim_on_a_view_for_ever(project: Workplace) -> None:
    source(project, QUEUE, "drainable", states=STATES)
    project.inv("drain", env={"WORK": project.url, "DOES_1": READY, "CODE_1": "1", "DOES_2": READY, "CODE_2": "1"})
    project.sql("UPDATE batchdrain_claim SET owner = 'nobody', lease_until_ms = 1, ctl_pid = 1, ctl_start = 1, prior_state = 'failed', "
                "held_state = NULL")  # fmt: skip

    looked, recovered, again = project.inv("doctor"), project.inv("recover"), project.inv("recover")

    assert "can't be released" not in looked.out, looked
    assert (recovered.code, "2 recovered, 0 still held." in recovered.lines) == (0, True), recovered
    assert again.lines[0] == "0 recovered, 0 still held.", again
    assert [job for (job,) in project.sql("SELECT job FROM queue_ready ORDER BY job")] == [1, 2, 3]


@pytest.mark.parametrize(("code", "state"), [(1, "FAILED"), (0, "COMPLETE")])
def test_a_reason_that_a_view_computes_is_read_and_not_written(server_project: Workplace, code: int, state: str) -> None:
    made = "CREATE VIEW shown AS SELECT run_id, phase_id, state, upper(why) AS message FROM words"
    source(server_project, [WORDS, ROWS, made], "shown", "message")
    server_project.configure(
        command={"argv": [sys.executable, "-c", f"raise SystemExit({code})"], "result_from": "exit_code"}
    )

    looked, shown = server_project.inv("doctor"), server_project.inv("clusters", "--format=json").json()["clusters"]
    ran = server_project.inv("drain")

    assert (looked.code, "column 'message' is computed: it is read, and not written" in looked.out) == (0, True), looked
    assert (ran.code, [one["example"]["text"] for one in shown]) == (code, ["X"]), ran
    assert dumped(server_project, "words") == [
        ("r", "a", state, "x"), ("r", "b", "ERROR", "y"), ("r", "c", "COMPLETE", None),
    ]  # fmt: skip


def test_a_state_that_a_view_computes_is_refused_with_exit_codes_and_drained_by_reading(server_project: Workplace) -> None:
    made = ("CREATE VIEW shown AS SELECT run_id, phase_id, CASE state WHEN 'ERROR' THEN 'FAILED' ELSE state END AS state, why "
            "FROM words")  # fmt: skip
    source(server_project, [WORDS, ROWS, made], "shown", "why")
    server_project.configure(command={"result_from": "exit_code"})
    refused = [server_project.inv(task) for task in ("doctor", "drain")]
    server_project.configure(command={
        "argv": [sys.executable, str(server_project.root / "works.py")], "result_from": "database", "settle_s": 0.2,
    })  # fmt: skip
    done = "UPDATE words SET state = 'COMPLETE' WHERE phase_id = :phase"
    left = "UPDATE words SET state = 'QUEUED' WHERE phase_id = :phase"
    ran = server_project.inv("drain", env={"WORK": server_project.url, "DOES_a": done, "DOES_b": left})

    for one in refused:
        assert (one.code, "state is computed in this view" in one.out + one.err) == (78, True), one
    assert "ok   table" not in refused[0].out, refused
    assert (ran.code, "r / b stays QUEUED as its command left it" in ran.out) == (1, True), ran
    assert dumped(server_project, "words") == [
        ("r", "a", "COMPLETE", "x"), ("r", "b", "QUEUED", "y"), ("r", "c", "COMPLETE", None),
    ]  # fmt: skip
    assert server_project.inv("recover").lines[0] == "0 recovered, 0 still held."


def test_a_view_that_is_plainly_updatable_is_written(server_project: Workplace) -> None:
    source(
        server_project, [WORDS, ROWS, "CREATE VIEW shown AS SELECT run_id, phase_id, state, why FROM words"], "shown", "why"
    )
    server_project.configure(
        command={"argv": [sys.executable, "-c", "print('no way'); raise SystemExit(1)"], "result_from": "exit_code"}
    )

    looked, ran = server_project.inv("doctor"), server_project.inv("drain")

    assert (looked.code, ran.code) == (0, 1), (looked, ran)
    assert "no way" in server_project.sql("SELECT why FROM words WHERE phase_id = 'a'")[0][0]
