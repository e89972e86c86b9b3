"""`inv init` where the words of states stand in a log, in a name that is taken, or in a language of its own."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from tests.cli.test_init_tables import ask, make, source_of
from tests.support import queue_shapes as shapes
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
EVERY = on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
SQLITE = on("database_url", ["sqlite"], indirect=True)
APPENDS = """
import sys, sqlalchemy as sa
with sa.create_engine(sys.argv[1]).begin() as it:
    it.execute(sa.text("INSERT INTO task_events VALUES (:id, :task, 'DONE')"), dict(id=100 + int(sys.argv[2]), task=sys.argv[2]))
"""


@EVERY
def test_over_a_log_the_view_of_each_ones_last_row_is_printed_and_a_drain_writes_nothing_into_the_log(
    place: Workplace,
) -> None:
    make(place, shapes.EVENTS)
    env = {"DATABASE_URL": place.url}
    refused = place.inv("init", env=env)
    assert refused.code == 78, refused
    assert "'task_events' is the closest match, and has the name of a log: a drain would overwrite history" in refused.err
    place.sql(refused.out.strip().rstrip(";"))
    before = place.sql("SELECT * FROM task_events ORDER BY id")

    section, _ = ask(place)
    assert (section["source"]["table"], section["command"]["result_from"]) == ("drainable", "database")
    assert place.sql("SELECT phase_id, state FROM drainable ORDER BY phase_id") == [(1, "DONE"), (2, "FAILED"), (3, "FAILED")]

    assert place.inv("init", env=env).code == 0
    argv = {"INVOKE_BATCHDRAIN_COMMAND_ARGV": json.dumps([sys.executable, "-c", APPENDS, place.url, "{phase_id}"])}
    looked, drained = place.inv("doctor", env=env | argv), place.inv("drain", "--format=json", env=env | argv)
    assert looked.code == 0, looked
    assert (drained.code, drained.json()["total_success"]) == (0, 2), drained
    assert place.sql("SELECT * FROM task_events WHERE id < 100 ORDER BY id") == before


@SQLITE
def test_a_log_that_may_be_meant_as_well_is_called_one(place: Workplace) -> None:
    make(place, shapes.EVENTS)
    place.sql("CREATE TABLE jobs (id INTEGER PRIMARY KEY, job_name TEXT, status TEXT, error TEXT)")
    place.sql("INSERT INTO jobs (job_name, status, error) VALUES ('a', 'failed', 'boom'), ('a', 'done', NULL)")
    ran = place.inv("init", env={"DATABASE_URL": place.url})
    [told] = [line for line in ran.lines if "--table=task_events" in line]
    assert told.endswith("; it has the name of a log")
    assert "; it has the name of a log." in (place.root / "invoke.yaml").read_text()


@SQLITE
def test_a_view_gets_a_name_that_nothing_has(place: Workplace) -> None:
    make(place, shapes.FAILED_AT)
    place.sql("CREATE TABLE Drainable (a TEXT)")
    place.sql("CREATE VIEW drainable_delayed_jobs AS SELECT a FROM Drainable")
    refused = place.inv("init", env={"DATABASE_URL": place.url})
    assert refused.out.startswith('CREATE VIEW "drainable_2" AS\n'), refused
    _, ran = ask(place, "--table=delayed_jobs")
    assert 'CREATE VIEW "drainable_2" AS SELECT' in ran.out


@on("database_url", ["postgresql"], indirect=True)
def test_the_newest_traceback_of_a_list_is_the_reason_whatever_the_arguments_say(place: Workplace) -> None:
    make(place, shapes.TRACEBACKS)
    columns = source_of(place)["columns"]
    assert columns["last_failure_reason"] == {"column": "errors", "path": "[-1].traceback"}


@SQLITE
@on(
    ("script", "expected"),
    [
        (shapes.KEY_WITH_AN_ATTEMPT, (["exec_id", "flow_id"], ["job_id", "attempt"])),
        (shapes.INVOCATIONS, ("invocation_id", "name")),
        (shapes.ACTIONS, ("wf_id", "id")),
    ],
    ids=["attempt", "invocations", "actions"],
)
def test_runs_are_found_by_what_their_projects_call_them(place: Workplace, script: str, expected: tuple[Any, Any]) -> None:
    make(place, script)
    columns = {"run_id": "run_id", "phase_id": "phase_id", **source_of(place)["columns"]}
    assert (columns["run_id"], columns["phase_id"]) == expected


@SQLITE
@on("word", ["kaputt", "Abgestürzt", "en échec", "KO", "misslyckades", "fejlet", "chyba", "помилка", "異常終了"])
def test_a_word_for_a_failure_is_known_in_the_language_of_the_table(place: Workplace, word: str) -> None:
    place.make_table()
    place.add(("a", "p", 0, word, None), ("a", "q", 1, "done", None))
    assert source_of(place)["states"]["failed"] == word


@SQLITE
def test_a_state_that_holds_bytes_is_told_as_that(place: Workplace) -> None:
    place.sql("CREATE TABLE apscheduler_jobs (id VARCHAR(191) PRIMARY KEY, next_run_time FLOAT, job_state BLOB)")
    refused = place.inv("init", env={"DATABASE_URL": place.url})
    assert (refused.code, "and its 'job_state' holds BLOB, not words" in refused.err) == (78, True), refused


@SQLITE
def test_a_reason_that_is_a_code_is_told_once_as_that(place: Workplace) -> None:
    place.sql("CREATE TABLE builds (id INTEGER PRIMARY KEY, status TEXT, failure_reason INTEGER)")
    place.sql("INSERT INTO builds VALUES (1, 'failed', 6), (2, 'success', NULL)")
    _, ran = ask(place)
    assert "failure_reason holds INTEGER, not text: no reason is read" in ran.out
    assert "no column looks like last_failure_reason, so it is null" not in ran.out
