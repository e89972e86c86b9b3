"""`inv init` on the tables of well-known queues: it prints the view that their recipe needs, and then writes what the recipe says."""

from __future__ import annotations

import json
import sys

import pytest

from batchdrain.cli.commands.init.candidates import find_candidates
from batchdrain.cli.commands.init.facts import ColumnFacts, Kind, TableFacts
from batchdrain.cli.commands.init.known_schemas import KNOWN, find_known
from tests.cli.test_init_tables import ask, make
from tests.docs.pages import DOCS
from tests.support import known_tables as tables
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
EVERY = on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
POSTGRESQL = on("database_url", ["postgresql"], indirect=True)
DOES = """
import sys, sqlalchemy as sa
with sa.create_engine(sys.argv[1], poolclass=sa.pool.NullPool).begin() as it:
    it.execute(sa.text(sys.argv[2]), dict(phase=sys.argv[3]))
"""


def env_of(place: Workplace, change: str = "SELECT :phase") -> dict[str, str]:
    argv = json.dumps([sys.executable, "-c", DOES, place.url, change, "{phase_id}"])
    return {"DATABASE_URL": place.url, "INVOKE_BATCHDRAIN_COMMAND_ARGV": argv}


@EVERY
@on(
    ("script", "name", "counts"),
    [
        (tables.DELAYED_JOB, "Delayed Job's jobs", {"FAILED": 2, "QUEUED": 1, "EXECUTING": 1}),
        (tables.MESSENGER, "the messages of Symfony Messenger", {"FAILED": 2, "QUEUED": 1, "EXECUTING": 1}),
        (tables.DB_SCHEDULER, "db-scheduler's tasks", {"FAILED": 2, "COMPLETE": 1, "EXECUTING": 1, "QUEUED": 1}),
        (tables.CAMUNDA, "Camunda's jobs", {"FAILED": 2, "QUEUED": 1}),
        (tables.SPRING_BATCH, "Spring Batch's executions of jobs", {"COMPLETE": 2, "FAILED": 1}),
    ],
    ids=["Delayed Job", "Messenger", "db-scheduler", "Camunda", "Spring Batch"],
)
def test_the_view_of_the_recipe_is_printed_and_mapped_with_all_that_the_recipe_says(
    place: Workplace, script: str, name: str, counts: dict[str, int]
) -> None:
    make(place, script)
    refused = place.inv("init", env={"DATABASE_URL": place.url})
    assert (refused.code, f"has the columns of {name} and cannot be drained as it is" in refused.err) == (78, True), refused
    place.sql(refused.out.strip().rstrip(";").replace(":", r"\:"))

    section, shown = ask(place)

    known = next(one for one in KNOWN if one.name == name)
    assert section["source"]["table"] == "drainable"
    assert known.source.items() <= section["source"].items()
    argv = {"argv": section["command"]["argv"]} if "argv" not in known.command else {}
    assert section["command"] == {**known.command, **argv}
    assert f"it is a view of {name} in" in shown.out
    assert dict(place.sql("SELECT state, count(*) FROM drainable GROUP BY state")) == counts
    assert place.inv("init", env={"DATABASE_URL": place.url}).code == 0
    looked = place.inv("doctor", env=env_of(place))
    assert (looked.code, "source.gone_is" in looked.out) == (0, False), looked
    ran = place.inv("dry-run", "--format=json", env=env_of(place))
    assert ran.json()["would_drain"] == counts["FAILED"]


@EVERY
@on(
    ("change", "code", "fixed", "left"),
    [
        ("DELETE FROM delayed_jobs WHERE id = :phase", 0, 2, {"EXECUTING": 1, "QUEUED": 1}),
        ("UPDATE delayed_jobs SET attempts = 26 WHERE id = :phase", 1, 0, {"FAILED": 2, "EXECUTING": 1, "QUEUED": 1}),
    ],
    ids=["deleted on success", "failed again"],
)
def test_a_job_of_a_queue_without_a_state_that_deletes_on_success_is_complete_when_it_is_gone(
    place: Workplace, change: str, code: int, fixed: int, left: dict[str, int]
) -> None:
    make(place, tables.DELAYED_JOB)
    place.sql(place.inv("init", env={"DATABASE_URL": place.url}).out.strip().rstrip(";"))
    assert place.inv("init", env={"DATABASE_URL": place.url}).code == 0

    drained = place.inv("drain", "--format=json", env=env_of(place, change))

    assert (drained.code, drained.json()["total_success"]) == (code, fixed), drained
    assert dict(place.sql("SELECT state, count(*) FROM drainable GROUP BY state")) == left
    assert place.sql("SELECT attempts, locked_by FROM delayed_jobs WHERE id = 4") == [(1, "w1")]


@EVERY
def test_a_job_of_laravel_that_is_retried_is_complete_when_it_has_left_the_table(place: Workplace) -> None:
    make(place, tables.FAILED_JOBS)
    place.sql(place.inv("init", env={"DATABASE_URL": place.url}).out.strip().rstrip(";"))
    assert place.inv("init", env={"DATABASE_URL": place.url}).code == 0
    change = "DELETE FROM failed_jobs WHERE uuid = :phase AND uuid = 'u1'"

    drained = place.inv("drain", "--format=json", env=env_of(place, change))

    assert (drained.code, drained.json()["total_success"]) == (1, 1), drained
    assert place.sql("SELECT uuid FROM failed_jobs") == [("u2",)]


@POSTGRESQL
@on(
    ("script", "retried", "reason", "left"),
    [
        (tables.OBAN, "UPDATE oban_jobs SET state = 'available' WHERE CAST(id AS text) = :phase", "runtimeerror boom", "available"),
        (tables.RIVER, "UPDATE river_job SET state = 'available', finalized_at = NULL WHERE CAST(id AS text) = :phase", "boom", "available"),
    ],
    ids=["Oban", "River"],
)  # fmt: skip
def test_a_job_that_its_own_workers_have_yet_to_try_is_never_written_to(
    place: Workplace, script: str, retried: str, reason: str, left: str
) -> None:
    make(place, script)
    assert place.inv("init", env={"DATABASE_URL": place.url}).code == 0
    assert (
        "ok   reasons: 3 of 3 failed phases that were checked have a text at '[-1].error'"
        in place.inv("doctor", env=env_of(place)).out
    )
    assert reason in place.inv("dry-run", env=env_of(place)).out

    drained = place.inv("drain", "--batch-size=2", env=env_of(place, retried))

    table = "oban_jobs" if "oban" in script else "river_job"
    assert (drained.code, "0/2 succeeded" in drained.out) == (1, True), drained
    rows = place.sql(f"SELECT CAST(state AS text), attempt FROM {table} ORDER BY id")
    assert [tuple(row) for row in rows[:3]] == [(left, 2), (left, 2), ("discarded", 2)]


@POSTGRESQL
def test_a_job_of_gitlab_is_one_of_its_pipeline_by_its_name_and_a_retried_one_is_left_alone(place: Workplace) -> None:
    make(place, tables.GITLAB)
    place.sql(place.inv("init", env={"DATABASE_URL": place.url}).out.strip().rstrip(";"))
    assert place.sql("SELECT run_id, phase_id, state FROM drainable ORDER BY run_id, phase_id") == [
        (1, "lint", "success"), (1, "unit", "failed"), (2, "unit", "failed"),
    ]  # fmt: skip
    assert place.inv("init", env={"DATABASE_URL": place.url}).code == 0
    before = place.sql("SELECT * FROM p_ci_builds ORDER BY id")
    retry = (
        "WITH old AS (UPDATE p_ci_builds SET retried = true WHERE id = 12 AND name = :phase RETURNING id) INSERT INTO p_ci_builds "
        "(id, partition_id, commit_id, name, stage_idx, status) SELECT id + 100, 100, 1, 'unit', 1, 'success' FROM old"
    )

    drained = place.inv("drain", "--run-id=1", "--format=json", env=env_of(place, retry))

    assert (drained.code, drained.json()["total_success"]) == (0, 1), drained
    rows = place.sql("SELECT * FROM p_ci_builds WHERE id < 100 ORDER BY id")
    assert [[*row][:3] + [*row][4:] for row in rows] == [[*row][:3] + [*row][4:] for row in before]


@on("known", KNOWN, ids=[f"{one.name} {len(one.has)}" for one in KNOWN])
def test_a_known_schema_is_found_in_any_letter_case_and_its_recipe_is_on_the_page(known: object) -> None:
    one = next(one for one in KNOWN if one is known)
    assert find_known([name.swapcase() for name in one.has]) is one
    page, anchor = one.docs.split("#")
    headings = {
        line.lstrip("# ").lower().replace(" ", "-")
        for line in (DOCS.parent / page).read_text().splitlines()
        if line.startswith("#")
    }
    assert anchor in headings
    if not one.no_state:
        columns = tuple(ColumnFacts(name=name.upper(), kind=Kind.TEXT) for name in one.has)
        mapped = one.map(TableFacts(name="any", columns=columns))
        assert mapped.missing == []


@EVERY
def test_a_known_queue_comes_before_a_table_that_is_only_a_guess_and_its_view_before_both(place: Workplace) -> None:
    guess = "CREATE TABLE payments (id INTEGER PRIMARY KEY, task_name VARCHAR(9), status VARCHAR(9), error VARCHAR(9))"
    make(place, tables.DELAYED_JOB, guess, "INSERT INTO payments VALUES (1, 'a', 'failed', 'x'), (2, 'a', 'done', NULL)")
    refused = place.inv("init", env={"DATABASE_URL": place.url})
    assert (refused.code, "; if 'payments' is meant: `inv init --table=payments`" in refused.err) == (78, True), refused
    assert ask(place, "--table=payments")[0]["source"]["table"] == "payments"

    place.sql(refused.out.strip().rstrip(";"))

    assert ask(place)[0]["source"]["table"] == "drainable"


def test_the_jobs_of_pg_boss_come_before_its_archive_which_has_the_same_columns() -> None:
    one = next(one for one in KNOWN if one.name == "pg-boss's jobs")
    columns = tuple(ColumnFacts(name=name, kind=Kind.TEXT) for name in one.has)
    found = find_candidates([TableFacts(name=name, columns=columns) for name in ("archive", "job")])
    assert [mapped.table for mapped in found] == ["job", "archive"]
