"""`inv init` on tables whose run stands behind a key of several columns, whose ids are bytes, or whose rows are marked as deleted."""

from __future__ import annotations

import json
import sys

import pytest

from tests.cli.test_init_tables import ask, make
from tests.support import key_shapes as shapes
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
EVERY = on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)


@EVERY
@on(
    ("script", "table", "run", "phase"),
    [
        (shapes.TENANTS, "work_steps", ["tenant_id", "pipeline_run_no"], "id"),
        (shapes.PARTITIONED_BUILDS, "build_jobs", ["partition_id", "commit_id"], "id"),
        (shapes.KEY_BEHIND_ITS_RUN, "tasks_of", ["site", "job_no"], "task_no"),
        (shapes.PEOPLE, "letters", "tenant_id", "id"),
    ],
    ids=["tenants", "partitions", "the phase stands first", "people are no run"],
)
def test_a_foreign_key_of_several_columns_to_a_table_of_runs_is_the_run(
    place: Workplace, script: str, table: str, run: object, phase: str
) -> None:
    make(place, script)
    source = ask(place)[0]["source"]
    found = {"run_id": "run_id", "phase_id": "phase_id", **source["columns"]}
    assert (source["table"], found["run_id"], found["phase_id"]) == (table, run, phase)


@EVERY
def test_over_ids_of_bytes_the_view_with_texts_is_printed_and_can_be_drained(place: Workplace) -> None:
    kind = place.url.partition(":")[0].partition("+")[0]
    make(place, shapes.BYTES[kind])
    env = {"DATABASE_URL": place.url}
    refused = place.inv("init", env=env)
    assert (
        refused.code,
        "and the bytes in 'id' cannot identify a phase; a view that makes texts of them" in refused.err,
    ) == (
        78,
        True,
    ), refused
    assert "then run `inv init` again: CREATE VIEW" in place.inv("--dry", "init", "--table=work_item", env=env).out
    place.sql(refused.out.strip().rstrip(";"))
    before = place.sql("SELECT id, run_id, payload FROM work_item ORDER BY id")

    assert place.inv("init", env=env).code == 0
    argv = [sys.executable, "-c", shapes.SETS_OK, place.url, "{phase_id}"]
    drained = place.inv("drain", "--format=json", env={**env, "INVOKE_BATCHDRAIN_COMMAND_ARGV": json.dumps(argv)})

    assert (drained.code, drained.json()["total_success"]) == (0, 2), drained
    rows = place.sql("SELECT run_id, phase_id, state FROM drainable ORDER BY run_id, phase_id")
    assert rows == [("0a", "01", "done"), ("0a", "02", "done"), ("0b", "0003", "done")]
    assert place.sql("SELECT id, run_id, payload FROM work_item ORDER BY id") == before


@EVERY
@on(
    ("column", "value", "condition"),
    [
        ("deleted_at TIMESTAMP NULL", "'2026-11-01 10:00:00'", "deleted_at IS NULL"),
        ("is_deleted BOOLEAN", "TRUE", "is_deleted IS NOT TRUE"),
        ("deleted INTEGER", "1", "coalesce(deleted, 0) = 0"),
    ],
)
def test_rows_that_are_marked_as_deleted_are_left_alone_and_that_is_told(
    place: Workplace, column: str, value: str, condition: str
) -> None:
    make(place, f"CREATE TABLE tasks (id INTEGER PRIMARY KEY, queue VARCHAR(9), status VARCHAR(9), {column})")
    make(place, f"INSERT INTO tasks VALUES (1, 'a', 'failed', NULL), (2, 'a', 'failed', {value}), (3, 'a', 'done', NULL)")
    section, shown = ask(place)
    if "TRUTH" in condition or (column.startswith("is_") and place.url.startswith("mysql")):
        condition = "coalesce(is_deleted, 0) = 0"  # a BOOLEAN of MariaDB holds numbers
    assert section["source"]["where"] == condition, shown
    assert f"rows that are marked as deleted are skipped (source.where: {condition})" in shown.out

    assert place.inv("init", env={"DATABASE_URL": place.url}).code == 0
    argv = {"INVOKE_BATCHDRAIN_COMMAND_ARGV": '["true"]', "DATABASE_URL": place.url}
    assert place.inv("dry-run", "--format=json", env=argv).json()["would_drain"] == 1


@on("database_url", ["postgresql", "mariadb"], indirect=True)
def test_a_column_whose_name_needs_quotes_is_quoted_in_the_condition(place: Workplace) -> None:
    quote = '"' if place.url.startswith("postgresql") else "`"
    make(place, f"CREATE TABLE tasks (id int PRIMARY KEY, status varchar(9), {quote}deletedAt{quote} timestamp NULL)")
    make(place, "INSERT INTO tasks VALUES (1, 'failed', NULL), (2, 'failed', NULL), (3, 'done', '2026-11-01 10:00:00')")
    assert ask(place)[0]["source"]["where"] == f"{quote}deletedAt{quote} IS NULL"


@EVERY
def test_without_a_key_what_stands_first_is_the_run_unless_names_say_otherwise(place: Workplace) -> None:
    make(place, shapes.PAIRS)
    columns = ask(place, "--table=pairs")[0]["source"]["columns"]
    assert (columns["run_id"], columns["phase_id"]) == ("aa", "bb")
    columns = ask(place, "--table=zeilen")[0]["source"]["columns"]
    assert (columns["run_id"], columns["phase_id"], columns["last_failure_reason"]) == ("datei", "zeile", "fehler_text")
