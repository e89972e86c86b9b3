"""Tables in the shape of those that other people use: what is drained of them, and that not a byte of anything else changes."""

from __future__ import annotations

import signal
import sys
from typing import Any

import pytest

from tests.support import foreign_tables as tables
from tests.support.table_dumps import changes, everything
from tests.support.workplace import DEADLINE_S, Workplace, wait_for

pytestmark = pytest.mark.everyday("sqlite", "postgresql", "mariadb")

JOBS = """
CREATE TABLE jobs (id BIGINT PRIMARY KEY, queue_name VARCHAR(20) NOT NULL, task_name VARCHAR(20) NOT NULL, status VARCHAR(20) NOT NULL,
  lock_name VARCHAR(9), once_name VARCHAR(9), args VARCHAR(40) NOT NULL, attempts INTEGER NOT NULL{more})
"""
ONLY_ONE = (
    "CREATE UNIQUE INDEX one_doing ON jobs (lock_name) WHERE status = 'doing'",
    "CREATE UNIQUE INDEX one_todo ON jobs (once_name) WHERE status = 'todo'",
)
ONLY_ONE_ON_MARIADB = (
    ", is_doing VARCHAR(9) AS (CASE status WHEN 'doing' THEN lock_name END) PERSISTENT UNIQUE"
    ", is_todo VARCHAR(9) AS (CASE status WHEN 'todo' THEN once_name END) PERSISTENT UNIQUE"
)
QUEUE: dict[str, Any] = {
    "table": "jobs",
    "columns": {
        "run_id": "queue_name",
        "phase_id": "id",
        "phase_index": None,
        "state": "status",
        "last_failure_reason": None,
    },
    "states": {"failed": "failed", "queued": "todo", "executing": "doing", "complete": "succeeded"},
}
MAIL, REPORTS = (1, 2, 3, 15), (7, 10)


def queue(project: Workplace, **columns: Any) -> None:
    is_mariadb = project.engine.dialect.name == "mysql"
    project.sql(JOBS.format(more=ONLY_ONE_ON_MARIADB if is_mariadb else ""))
    for statement in () if is_mariadb else ONLY_ONE:
        project.sql(statement)
    for number in (*MAIL, *REPORTS, 16):
        lock, once = {15: ("L1", "Q1"), 16: (None, "QL")}.get(number, (None, None))
        name, state = ("q", "todo") if number == 16 else ("mail" if number in MAIL else "reports", "failed")
        insert(project, number, name, "send" if name == "mail" else "report", state, lock, once)
    project.source = {**QUEUE, "columns": {**QUEUE["columns"], **columns}}
    project.configure()


def insert(project: Workplace, number: int, name: str, task: str, state: str, lock: str | None, once: str | None) -> None:
    project.sql(
        "INSERT INTO jobs (id, queue_name, task_name, status, lock_name, once_name, args, attempts) "
        "VALUES (:id, :name, :task, :state, :lock, :once, :args, 1)",
        [
            {
                "id": number,
                "name": name,
                "task": task,
                "state": state,
                "lock": lock,
                "once": once,
                "args": f'{{"n": {number}}}',
            }
        ],
    )


def test_ids_that_name_several_jobs_are_planned_and_drained_by_nobody(project: Workplace) -> None:
    queue(project, phase_id="task_name")
    before = everything(project)

    planned, ran = project.inv("dry-run"), project.inv("drain")

    assert "6 by bad data" in planned.out, planned
    assert (ran.code, "6 by bad data" in ran.out + ran.err) == (65, True), ran
    assert everything(project) == before


def test_a_job_whose_lock_another_has_is_skipped_and_told_and_the_rest_is_drained_in_order(project: Workplace) -> None:
    queue(project)
    insert(project, 17, "mail", "send", "doing", "L1", None)
    before = everything(project)

    planned = project.inv("dry-run", "--run-id=mail", "--format=json").json()
    ran = project.inv("drain")

    assert [one["phase_id"] for one in planned["phases"]] == ["1", "2", "3", "15"]
    assert "table 'jobs' refuses what a drain writes for mail / 15" in ran.out, ran
    assert sorted(project.taken(), key=lambda name: int(name.split("/")[1])) == [
        "mail/1", "mail/2", "mail/3", "reports/7", "reports/10",
    ]  # fmt: skip
    assert changes(before, everything(project)) == {
        f"jobs {number}": {"status": "'succeeded'"} for number in (1, 2, 3, 7, 10)
    }
    assert project.inv("recover").lines[0] == "0 recovered, 0 still held."


def test_a_job_that_can_not_be_queued_again_is_settled_and_the_summary_is_printed(project: Workplace) -> None:
    queue(project)
    project.configure(command={"argv": [sys.executable, "-c", "open('begun', 'w'); import time; time.sleep(600)"]})
    drain = project.start("drain-queued", "--run-id=q")
    wait_for((project.root / "begun").exists, "the command to begin")
    insert(project, 18, "other", "send", "todo", None, "QL")
    before = everything(project)
    drain.send_signal(signal.SIGINT)
    out, err = drain.communicate(timeout=DEADLINE_S)

    assert (drain.returncode, b"BATCH DRAIN SUMMARY" in out, b"Traceback" in err) == (130, True, False), (out, err)
    assert changes(before, everything(project), ["is_doing"]) == {"jobs 16": {"status": "'failed'"}}
    recovered = project.inv("recover")
    assert (recovered.code, recovered.lines[0]) == (0, "0 recovered, 0 still held."), recovered


def test_of_words_that_look_alike_those_alone_are_drained_that_are_mapped(project: Workplace) -> None:
    for statement in tables.DIRTY_WORDS.split(";\n"):
        project.sql(statement)
    project.source = {
        "table": "runs",
        "columns": {"state": "status", "last_failure_reason": "error", "phase_index": None},
        "states": {"failed": "failed", "complete": "done"},
    }
    project.configure()
    before = everything(project)

    looked, planned, ran = project.inv("doctor"), project.inv("dry-run"), project.inv("drain")

    assert ": 3 failed, 0 queued, 1 complete, 3 other in 2 runs" in looked.out, looked
    assert "Would drain 3 of 3" in planned.out, planned
    assert "Balance: 3 failed before + 0 new = 3 fixed" in ran.out, ran
    done = {"status": "'done'", "error": "None"}
    assert changes(before, everything(project)) == {"runs w1 1": done, "runs w2 2": done, "runs w2 10": done}


@pytest.mark.parametrize("by", ["exit_code", "database"])
def test_a_queue_that_deletes_what_succeeded_keeps_all_its_other_rows(project: Workplace, by: str) -> None:
    for statement in tables.DELETED.split(";\n"):
        project.sql(statement)
    project.sql("INSERT INTO del VALUES ('r', 'p3', 'COMPLETE'), ('s', 'p1', 'FAILED')")
    code = "import os, sqlalchemy as sa\n"
    code += f"with sa.create_engine({project.url!r}).begin() as c: c.execute(sa.text(\"DELETE FROM del WHERE run_id = 'r' AND phase_id = 'p1'\"))"
    project.source = {"table": "del", "gone_is": "complete", "columns": {"phase_index": None, "last_failure_reason": None}}
    project.configure(command={"argv": [sys.executable, "-c", code], "result_from": by, "settle_s": 0.2})
    before = everything(project)

    ran = project.inv("drain", "--batch-size=1", "--policy=run-order")

    assert (ran.code, project.session()["results"][0]["final_state"]) == (0, "gone"), ran
    del before["del"]["r", "p1"]
    assert everything(project) == before


def test_a_view_whose_command_puts_the_row_back_and_dies_holds_up_nobody(sqlite_project: Workplace) -> None:
    sqlite_project.sql("DROP TABLE phases")
    for statement in tables.VIEW_OF_LETTERS.split(";\n"):
        sqlite_project.sql(statement)
    code = "import os, sqlite3\nwith sqlite3.connect(os.environ['WORK']) as c: c.execute(\"UPDATE t SET s = 'QUEUED' WHERE p = ?\", "
    code += "(os.environ['BATCHDRAIN_PHASE_ID'],))\nos.kill(os.getpid(), 9)"
    sqlite_project.source = {"table": "phases", "columns": {"phase_index": None, "last_failure_reason": None}}
    sqlite_project.configure(
        command={"argv": [sys.executable, "-c", code], "result_from": "database", "settle_s": 0.2},
        stop={"same_new_failure": 0, "max_repeats": 0},
    )
    before = everything(sqlite_project)
    work = {"WORK": sqlite_project.url.removeprefix("sqlite:///")}

    looked, ran = sqlite_project.inv("doctor"), sqlite_project.inv("drain", "--run-id=r", env=work)

    assert (
        "warn view: a phase that its command leaves in EXECUTING or QUEUED stays in that state, and is not released"
        in looked.out
    )
    assert (ran.code, ran.out.count("stays QUEUED as its command left it")) == (1, 2), ran
    assert changes(before, everything(sqlite_project)) == {"t r a": {"s": "'QUEUED'"}, "t r b": {"s": "'QUEUED'"}}
    assert sqlite_project.inv("recover").lines[0] == "0 recovered, 0 still held."


def test_a_csv_with_four_spellings_is_drained_as_init_wrote_it_and_nothing_else_of_it_changes(
    sqlite_project: Workplace,
) -> None:
    sqlite_project.sql("DROP TABLE phases")
    for statement in tables.CSV.split(";\n"):
        sqlite_project.sql(statement)
    (sqlite_project.root / "invoke.yaml").unlink()
    wrote = sqlite_project.inv("init", f"--database-url={sqlite_project.url}")
    path = sqlite_project.root / "invoke.yaml"
    argv = '-m, myproject.work, "--run-id={run_id}", "--phase-id={phase_id}"'
    path.write_text(path.read_text().replace(f'"{{python}}", {argv}', "'true'"))
    before = everything(sqlite_project)

    ran = sqlite_project.inv("drain")

    assert all(word in wrote.out for word in ("'FAILED'", "'Failed '", "'error'")), wrote
    assert (ran.code, "Succeeded: 7" in ran.out) == (0, True), ran
    done = {"Status": "'done'", "Error Text": "None"}
    assert changes(before, everything(sqlite_project)) == {f"runs {number}": done for number in (1, 2, 3, 5, 6, 7, 8)}
