"""`inv init` on the shapes of queues that it does not know by name: keys, words, values and foreign keys tell what is meant."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.test_init_tables import ask, make, source_of
from tests.support import queue_shapes as shapes
from tests.support.workplace import Workplace

on = pytest.mark.parametrize


SQLITE = on("database_url", ["sqlite"], indirect=True)


def columns_of(place: Workplace, script: str) -> dict[str, Any]:
    make(place, script)
    found: dict[str, Any] = {"run_id": "run_id", "phase_id": "phase_id", "state": "state", **source_of(place)["columns"]}
    return found


@SQLITE
@on(
    ("script", "run", "phase"),
    [
        (shapes.KEY_WITH_A_PARTITION, "partition_id", "id"),
        (shapes.KEY_WITH_A_GROUP, ["sched", "trigger_group"], "trigger_name"),
        (shapes.NUMBER_AND_NAME, "pipeline_name", "run_id"),
    ],
    ids=["partition", "group", "number and name"],
)
def test_of_a_key_what_alone_tells_the_rows_apart_is_the_phase(
    place: Workplace, script: str, run: object, phase: str
) -> None:
    found = columns_of(place, script)
    assert (found["run_id"], found["phase_id"]) == (run, phase)


@SQLITE
def test_a_column_that_says_how_it_ended_is_the_state_before_one_that_says_that_it_ended(place: Workplace) -> None:
    found = columns_of(place, shapes.CONCLUSIONS)
    assert (found["run_id"], found["state"]) == ("run_id", "conclusion")
    states = source_of(place)["states"]
    assert (states["failed"], states["queued"], states["complete"]) == ("failure", [None], "success")


@SQLITE
def test_what_refers_to_a_table_of_runs_has_the_phases_and_that_is_their_run(place: Workplace) -> None:
    make(place, shapes.RUNS_AND_TASKS)
    section, ran = ask(place)
    columns = section["source"]["columns"]
    assert (section["source"]["table"], columns["run_id"], columns["phase_id"]) == ("work", "owner", "uuid")
    assert columns["last_failure_reason"] == "state_info"
    assert "owner refers to another table and is taken for the run: a guess" in ran.out


@SQLITE
@on(("script", "reason"), [(shapes.SEVERAL_TEXTS, "job_stderr"), (shapes.UNNAMED_TEXT, "remark")], ids=["named", "unnamed"])
def test_the_reason_is_where_text_stands_in_rows_that_failed(place: Workplace, script: str, reason: str) -> None:
    assert columns_of(place, script)["last_failure_reason"] == reason


@SQLITE
def test_of_codes_the_one_whose_rows_alone_ended_with_another_code_than_0_failed(place: Workplace) -> None:
    found = columns_of(place, shapes.EXIT_CODES)
    source = source_of(place)
    assert (source["states"], found["updated_at"], source["updated_at_unit"]) == ({"failed": 5}, "mod_time", "s")


@SQLITE
def test_names_whose_words_stand_together_are_read_and_a_table_of_states_is_a_log(place: Workplace) -> None:
    make(place, shapes.FOLDED)
    section, ran = ask(place)
    source = section["source"]
    assert (source["table"], source["columns"]["run_id"], source["columns"]["state"]) == ("job", "queuename", "statename")
    assert source["states"] == {"failed": "Failed", "queued": "Queued", "executing": "Executing", "complete": "Succeeded"}
    assert '#: It may be meant as well (--table): "state"' in ran.out


@on("database_url", ["postgresql"], indirect=True)
def test_partitions_are_no_candidates_and_the_newest_failure_of_an_array_is_the_reason(place: Workplace) -> None:
    make(place, shapes.PARTITIONED)
    section, ran = ask(place)
    source = section["source"]
    assert (source["table"], source["columns"]["run_id"], source["columns"]["phase_id"]) == ("boss.job", "name", "id")
    assert source["columns"]["last_failure_reason"] == {"column": "errors", "path": "[-1].error"}
    assert "It may be meant as well" not in ran.out
    ran = place.inv("init", env={"DATABASE_URL": place.url})
    assert ran.code == 0
    argv = {"INVOKE_BATCHDRAIN_COMMAND_ARGV": '["true"]', "DATABASE_URL": place.url}
    assert "Failed with: boom" in place.inv("dry-run", "--batch-size=1", env=argv).out


EVERY = ["sqlite", "postgresql", "mariadb"]


@on(
    ("database_url", "script", "counts"),
    [
        *((url, shapes.FAILED_AT, {"FAILED": 2, "QUEUED": 1}) for url in EVERY),
        *((url, shapes.ERROR_AT_THE_END, {"FAILED": 1, "COMPLETE": 1, "EXECUTING": 1, "QUEUED": 1}) for url in EVERY),
        ("sqlite", shapes.TRIES_USED_UP, {"FAILED": 1, "QUEUED": 2}),
        *((url, shapes.FLAGS, {"COMPLETE": 1, "FAILED": 2, "EXECUTING": 1, "QUEUED": 1}) for url in EVERY),
        *((url, shapes.ENDED_WITH_CODES, {"COMPLETE": 1, "FAILED": 2, "QUEUED": 1}) for url in EVERY),
        *((url, shapes.DELIVERIES, {"COMPLETE": 1, "FAILED": 2, "QUEUED": 1}) for url in EVERY),
        *((url, shapes.MENDED_LATER, {"COMPLETE": 1, "FAILED": 2, "QUEUED": 1}) for url in ("sqlite", "postgresql")),
        ("postgresql", shapes.NO_STATES, {"FAILED": 1, "COMPLETE": 1}),
        ("sqlite", shapes.NO_STATES, {"FAILED": 1, "COMPLETE": 1}),
        ("mariadb", shapes.NO_STATES.replace("TEXT", "VARCHAR(40)"), {"FAILED": 1, "COMPLETE": 1}),
    ],
    indirect=["database_url"],
)
def test_a_table_without_a_state_has_one_by_the_view_that_is_printed(
    place: Workplace, script: str, counts: dict[str, int]
) -> None:
    make(place, script)
    env = {"DATABASE_URL": place.url}
    refused = place.inv("init", env=env)
    assert (refused.code, refused.out.replace("`", '"').startswith('CREATE VIEW "drainable" AS\n')) == (78, True), refused
    place.sql(refused.out.strip().rstrip(";"))

    section, _ = ask(place)

    assert (section["source"]["table"], section["command"]["result_from"]) == ("drainable", "database")
    rows = place.sql("SELECT state, count(*) FROM drainable GROUP BY state")
    assert {str(state): count for state, count in rows} == counts
    assert place.inv("init", env=env).code == 0
    argv = {**env, "INVOKE_BATCHDRAIN_COMMAND_ARGV": '["true"]'}
    looked = place.inv("doctor", env=argv)
    assert looked.code == 0, looked
    assert place.inv("dry-run", "--format=json", env=argv).json()["would_drain"] == counts["FAILED"]


@on("database_url", EVERY, indirect=True)
def test_a_table_of_nothing_but_failures_has_a_state_by_the_column_that_is_printed(place: Workplace) -> None:
    make(place, shapes.ALL_FAILED)
    env = {"DATABASE_URL": place.url}
    refused = place.inv("init", env=env)
    assert (refused.code, refused.out.replace("`", '"').startswith('ALTER TABLE "failed_jobs" ADD COLUMN state ')) == (
        78,
        True,
    ), refused
    place.sql(refused.out.strip().rstrip(";"))

    section, _ = ask(place)

    assert section["source"]["columns"]["run_id"] == "queue"
    assert section["command"]["result_from"] == "database"
    assert place.inv("init", env=env).code == 0
    argv = {**env, "INVOKE_BATCHDRAIN_COMMAND_ARGV": '["true"]', "INVOKE_BATCHDRAIN_SOURCE_GONE_IS": "complete"}
    looked = place.inv("doctor", env=argv)
    assert (looked.code, "behind the view" in looked.out) == (0, False), looked
    assert place.inv("dry-run", "--format=json", env=argv).json()["would_drain"] == 2


@SQLITE
def test_a_table_that_is_named_says_how_it_comes_to_a_state(place: Workplace) -> None:
    make(place, shapes.FAILED_AT)
    _, ran = ask(place, "--table=delayed_jobs")
    assert (
        'it has no column of a state; this gives it one, then run `inv init` again: CREATE VIEW "drainable" AS SELECT'
        in ran.out
    )
