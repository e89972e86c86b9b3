"""The SQL that `inv init` suggests for a table that can't be drained as it is, word by word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from batchdrain.cli.commands.init.facts import Kind, TableFacts
from batchdrain.cli.commands.init.mapping import map_table
from batchdrain.cli.commands.init.view_over import fill_view, suggest_last_rows, suggest_state
from tests.cli.made_facts import table

on = pytest.mark.parametrize
Rows = Sequence[Sequence[object]]


def cases_of(columns: str, rows: Rows = (), *, dialect: str = "sqlite", keys: str = "id", **of: Any) -> list[str]:
    """The conditions of the suggested view, each `WHEN` without its quotes; empty if none is suggested."""
    found = suggest_state(table(columns, *rows, keys=[keys], of=of), dialect).replace('"', "")
    return [line.strip().removeprefix("CASE ") for line in found.splitlines() if "WHEN" in line]


@on(
    ("columns", "cases"),
    [
        ("id# failed_at@", ["WHEN failed_at IS NOT NULL THEN 'FAILED' ELSE 'QUEUED' END AS state"]),
        ("id# failed_at@ finished_at@ started_at@",
         ["WHEN failed_at IS NOT NULL AND (finished_at IS NULL OR finished_at <= failed_at) THEN 'FAILED'",
          "WHEN finished_at IS NOT NULL THEN 'COMPLETE'",
          "WHEN started_at IS NOT NULL THEN 'EXECUTING' ELSE 'QUEUED' END AS state"]),
        ("id# failed_at@ success?",
         ["WHEN failed_at IS NOT NULL AND success IS NOT TRUE THEN 'FAILED'", "WHEN success THEN 'COMPLETE' ELSE 'QUEUED' END AS state"]),
        *((f"id# {name}?", [f"WHEN {name} THEN 'FAILED' ELSE 'UNKNOWN' END AS state"]) for name in ("failed", "is_failed", "hasFailed", "error")),
        ("id# done? failed? locked?",
         ["WHEN failed THEN 'FAILED'", "WHEN done THEN 'COMPLETE'", "WHEN locked THEN 'EXECUTING' ELSE 'QUEUED' END AS state"]),
        ("id# done? success?", ["WHEN NOT success THEN 'FAILED'", "WHEN done THEN 'COMPLETE' ELSE 'QUEUED' END AS state"]),
        ("id# isSuccess?", ["WHEN NOT isSuccess THEN 'FAILED'", "WHEN isSuccess THEN 'COMPLETE' ELSE 'QUEUED' END AS state"]),
        ("id# exit_code#", ["WHEN exit_code <> 0 THEN 'FAILED'", "WHEN exit_code = 0 THEN 'COMPLETE' ELSE 'QUEUED' END AS state"]),
        ("id# exit_code# started_at@ finished_at@",
         ["WHEN exit_code <> 0 THEN 'FAILED'", "WHEN finished_at IS NOT NULL THEN 'COMPLETE'",
          "WHEN started_at IS NOT NULL THEN 'EXECUTING' ELSE 'QUEUED' END AS state"]),
        ("id# exit_code", []), ("id# last_exit_code#", []),
        ("id# error attempts# max_attempts# delivered?",
         ["WHEN error IS NOT NULL AND attempts >= max_attempts AND delivered IS NOT TRUE THEN 'FAILED'",
          "WHEN delivered THEN 'COMPLETE' ELSE 'QUEUED' END AS state"]),
        ("id# error Tries# maxTries#", ["WHEN error IS NOT NULL AND Tries >= maxTries THEN 'FAILED' ELSE 'QUEUED' END AS state"]),
        ("id# success?", ["WHEN NOT success THEN 'FAILED'", "WHEN success THEN 'COMPLETE' ELSE 'QUEUED' END AS state"]),
        ("id# success? finished_at@",
         ["WHEN finished_at IS NOT NULL AND NOT success THEN 'FAILED'",
          "WHEN finished_at IS NOT NULL THEN 'COMPLETE' ELSE 'QUEUED' END AS state"]),
        ("id# error finished_at@",
         ["WHEN finished_at IS NOT NULL AND error IS NOT NULL THEN 'FAILED'",
          "WHEN finished_at IS NOT NULL THEN 'COMPLETE' ELSE 'QUEUED' END AS state"]),
        ("id# error attempts# max_attempts#",
         ["WHEN error IS NOT NULL AND attempts >= max_attempts THEN 'FAILED' ELSE 'QUEUED' END AS state"]),
        ("id# error retries# max_retries# locked_by",
         ["WHEN error IS NOT NULL AND retries >= max_retries THEN 'FAILED'",
          "WHEN locked_by IS NOT NULL THEN 'EXECUTING' ELSE 'QUEUED' END AS state"]),
        ("id# error attempts max_attempts#", []), ("id# error attempts#", []), ("id# error", []), ("id# error% finished_at@", []),
        ("id# attempts# max_attempts#", []), ("id# finished_at@", []), ("id# note?", []), ("id# finished?", []),
    ],
)  # fmt: skip
def test_what_tells_that_a_row_failed_becomes_its_state(columns: str, cases: list[str]) -> None:
    assert cases_of(columns) == cases


@on(("values", "is_one"), [((0, 1), True), ((0, 0), True), ((1, 1), True), ((0, 3), False), ((None, None), False)])
def test_a_number_says_yes_or_no_where_it_is_0_or_1(values: tuple[int | None, ...], is_one: bool) -> None:
    found = cases_of("id# ok#", list(enumerate(values)))
    assert found == (
        ["WHEN ok = 0 THEN 'FAILED'", "WHEN ok = 1 THEN 'COMPLETE' ELSE 'QUEUED' END AS state"] if is_one else []
    )


def test_numbers_say_no_by_0_as_postgresql_takes_no_number_for_a_truth() -> None:
    found = cases_of(
        "id# failed_at@ done# locked#", [(1, None, 1, 0), (2, "now", 0, 0), (3, None, 0, 1)], dialect="postgresql"
    )
    assert found == [
        "WHEN failed_at IS NOT NULL AND coalesce(done, 0) = 0 THEN 'FAILED'",
        "WHEN done = 1 THEN 'COMPLETE'",
        "WHEN locked = 1 THEN 'EXECUTING' ELSE 'QUEUED' END AS state",
    ]


def test_a_time_that_each_row_has_tells_nothing() -> None:
    made = table("id# failed_at@ error", keys=["id"])
    never = TableFacts(name="jobs", keys=made.keys, columns=tuple(
        type(one)(name=one.name, kind=one.kind, takes_null=False) for one in made.columns))  # fmt: skip
    assert suggest_state(never, "sqlite") == ""


def test_there_is_no_view_without_a_column_that_can_identify_a_phase() -> None:
    made = table("id# queue failed_at@ error", keys=["id"])
    of_bytes = replace(made.columns[0], kind=Kind.BYTES)
    assert suggest_state(replace(made, columns=(of_bytes, *made.columns[1:])), "sqlite") == ""


def test_the_whole_view_is_a_statement_of_its_dialect() -> None:
    found = table("id# run_id failed_at@ error", keys=["id"])
    assert suggest_state(found, "postgresql", ["Drainable"]).splitlines() == [
        'CREATE VIEW "drainable_jobs" AS',
        'SELECT "run_id" AS run_id, "id" AS phase_id, "error" AS last_failure_reason,',
        "  CASE WHEN \"failed_at\" IS NOT NULL THEN 'FAILED' ELSE 'QUEUED' END AS state",
        'FROM "jobs";',
    ]
    found = table("a b c failed_at@", keys=["a b c"], of={"schema": "work"})
    assert suggest_state(found, "mysql", ["drainable", "DRAINABLE_JOBS", "drainable_2"]).splitlines() == [
        "CREATE VIEW `work`.`drainable_3` AS",
        "SELECT `a`, `b`, `c` AS phase_id,",
        "  CASE WHEN `failed_at` IS NOT NULL THEN 'FAILED' ELSE 'QUEUED' END AS state",
        "FROM `work`.`jobs`;",
    ]
    assert "SELECT 'all' AS run_id, `id` AS phase_id,\n" in suggest_state(table("id# failed?", keys=["id"]), "mariadb")


def test_only_the_likeliest_reason_is_in_the_view_and_names_that_are_taken_are_numbered_from_2() -> None:
    found = suggest_state(table("id# failed_at@ message error", keys=["id"]), "sqlite", ["drainable", "drainable_jobs"])
    assert found.splitlines()[:2] == [
        'CREATE VIEW "drainable_2" AS', "SELECT 'all' AS run_id, \"id\" AS phase_id, \"error\" AS last_failure_reason,",
    ]  # fmt: skip


@on(
    ("dialect", "schema", "taken", "filled"),
    [
        ("sqlite", None, [], 'A "drainable" OF "jobs", x IS VIRTUAL'),
        ("postgresql", "s", ["DRAINABLE"], 'A "s"."drainable_jobs" OF "s"."jobs", "s".x IS STORED'),
        ("mysql", "s", [], "A `s`.`drainable` OF `s`.`jobs`, `s`.x IS VIRTUAL"),
    ],
    ids=["SQLite", "PostgreSQL", "MySQL"],
)  # fmt: skip
def test_a_recipe_is_filled_with_the_names_as_they_are_here(
    dialect: str, schema: str | None, taken: list[str], filled: str
) -> None:
    jobs = table("id#", keys=["id"], of={"schema": schema})
    lines = ["A {view} OF {table},", "{schema}x IS {kept}"]
    assert fill_view(lines, jobs, dialect, taken) == filled.replace(", ", ",\n")


@on(
    ("name", "dialect", "of", "statement"),
    [
        ("failed_jobs", "postgresql", {}, "ALTER TABLE \"failed_jobs\" ADD COLUMN state varchar(20) GENERATED ALWAYS AS ('FAILED') STORED;"),
        ("failed_jobs", "sqlite", {}, "ALTER TABLE \"failed_jobs\" ADD COLUMN state varchar(20) GENERATED ALWAYS AS ('FAILED') VIRTUAL;"),
        ("job_failures", "mysql", {"schema": "w"},
         "ALTER TABLE `w`.`job_failures` ADD COLUMN state varchar(20) GENERATED ALWAYS AS ('FAILED') VIRTUAL;"),
        ("failed_jobs", "sqlite", {"is_view": True}, ""),
        ("failed_jobs", "sqlite", {"problem": "no rights"}, ""),
        ("unfailedjobs", "sqlite", {}, ""),
    ],
)  # fmt: skip
def test_a_table_of_failures_alone_gets_a_column_that_says_so(
    name: str, dialect: str, of: dict[str, Any], statement: str
) -> None:
    assert suggest_state(table("id# x", keys=["id"], name=name, of=of), dialect) == statement
    assert suggest_state(TableFacts(name=name, columns=()), dialect) == ""


def last_rows(columns: str, dialect: str = "sqlite", *, taken: Sequence[str] = (), key: str = "id", **of: Any) -> str:
    found = table(columns, keys=[key] if key else [], name="job_log", of=of)
    return suggest_last_rows(found, map_table(found).columns, dialect, taken)


def test_the_last_row_of_a_log_about_each_thing_is_a_view_without_writes() -> None:
    assert last_rows("id# job_id#>jobs status error", "postgresql", taken=["drainable"], schema="s").splitlines() == [
        'CREATE VIEW "s"."drainable_job_log" AS',
        'SELECT DISTINCT \'all\' AS run_id, one."job_id" AS phase_id, one."status" AS state, one."error" AS last_failure_reason',
        'FROM "s"."job_log" one WHERE NOT EXISTS',
        '  (SELECT 1 FROM "s"."job_log" later WHERE later."job_id" = one."job_id" AND later."id" > one."id");',
    ]
    assert last_rows("id! job_id#>jobs run_id status at@", "mysql").splitlines() == [
        "CREATE VIEW `drainable` AS",
        "SELECT DISTINCT one.`run_id` AS run_id, one.`job_id` AS phase_id, one.`status` AS state",
        "FROM `job_log` one WHERE NOT EXISTS",
        "  (SELECT 1 FROM `job_log` later WHERE later.`job_id` = one.`job_id` AND later.`at` > one.`at`);",
    ]


@on(
    ("columns", "whose"),
    [
        ("id# thing#>things step status", "thing"), ("id# thing!>things step status", "thing"), ("id# step status", "step"), ("id# run_id step status", "step"),
        ("id# run_id status", "run_id"), ("id# note status", None), ("id! step status", None), ("id! step status at@ begun@", None),
    ],
)  # fmt: skip
def test_a_log_is_about_what_it_refers_to_else_a_phase_by_name_else_a_run(columns: str, whose: str | None) -> None:
    found = last_rows(columns)
    assert (f'one."{whose}" AS phase_id' in found) is (whose is not None), found
    assert bool(found) is (whose is not None)


def test_a_log_is_about_no_column_that_tells_its_rows_apart_or_can_not_name() -> None:
    unique = table("id# step status", keys=["id", "step"], name="job_log")
    assert suggest_last_rows(unique, map_table(unique).columns, "sqlite") == ""
    document = table("id# step% status", keys=["id"], name="job_log")
    assert suggest_last_rows(document, map_table(document).columns, "sqlite") == ""
    several = table("a b c at@ step status", keys=["a b c"], name="job_log")
    assert 'later."at" > one."at"' in suggest_last_rows(
        several, {"phase_id": ["a", "b"], "state": "status", "last_failure_reason": None}, "sqlite"
    )


def test_a_log_without_a_state_has_no_last_rows() -> None:
    found = table("id# step", keys=["id"], name="job_log")
    assert suggest_last_rows(found, {"phase_id": "id", "state": None, "last_failure_reason": None}, "sqlite") == ""
