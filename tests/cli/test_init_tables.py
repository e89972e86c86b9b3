"""`inv init --dry-run` on tables of other people, on real databases: it names the right table, ids, words and units at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from invoke.vendor import yaml

from tests.support import foreign_tables as tables
from tests.support.workplace import Ran, Workplace

safe_load: Any = yaml.safe_load
STATES = {"failed": "FAILED", "queued": "QUEUED", "executing": "EXECUTING", "complete": "COMPLETE"}


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Workplace:
    """An empty database, and no invoke.yaml."""
    root = tmp_path / "project"
    root.mkdir()
    found = Workplace(root=root, url=database_url)
    (root / "invoke.yaml").unlink()
    return found


def make(place: Workplace, *scripts: str) -> None:
    for script in scripts:
        for statement in script.split(";\n"):
            place.sql(statement.replace(":", r"\:"))


def ask(place: Workplace, *argv: str) -> tuple[dict[str, Any], Ran]:
    """The section that would be written, and what else was said."""
    shown = place.inv("--dry", "init", *argv, env={"DATABASE_URL": place.url})
    assert shown.code == 0, shown.err
    assert not (place.root / "invoke.yaml").exists()
    section: dict[str, Any] = safe_load(shown.out)["batchdrain"]
    return section, shown


def source_of(place: Workplace, *argv: str) -> dict[str, Any]:
    found: dict[str, Any] = ask(place, *argv)[0]["source"]
    return found


on = pytest.mark.parametrize


@on(
    ("database_url", "script"),
    [("sqlite", tables.COMPOSITE_SQLITE), ("postgresql", tables.COMPOSITE_POSTGRESQL), ("mariadb", tables.COMPOSITE_MARIADB)],
    indirect=["database_url"],
)
def test_a_composite_key_is_run_and_phase_and_the_words_are_those_of_the_constraint(place: Workplace, script: str) -> None:
    make(place, script)
    assert source_of(place) == {
        "table": "pipeline_steps",
        "columns": {
            "run_id": ["tenant", "pipeline", "run_date"], "phase_id": "step", "phase_index": "pos", "state": "status",
            "last_failure_reason": "error", "updated_at": "changed",
        },
        "states": {"queued": "PENDING", "executing": "RUNNING", "complete": "DONE"},
    }  # fmt: skip


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_the_phases_of_a_run_of_tiers_are_found_among_tables_that_look_alike(place: Workplace) -> None:
    make(place, tables.AUTOPACK)
    section, ran = ask(place)
    assert section["source"] == {"columns": {"updated_at": "updated_at"}}
    assert 'executing: "EXECUTING"   # a guess: no row shows it' in ran.out
    assert [line.split('"')[1] for line in ran.lines if line.startswith("#: It may be meant as well")] == ["tiers", "runs"]


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_codes_are_explained_by_the_table_that_they_refer_to_and_a_time_has_its_unit(place: Workplace) -> None:
    make(place, tables.LOOKUP)
    assert source_of(place) == {
        "table": "work_items",
        "updated_at_unit": "ms",
        "columns": {"run_id": "batch", "phase_id": "id", "phase_index": None, "state": "status_id", "last_failure_reason": "err",
                    "updated_at": "mtime"},
        "states": {"failed": 4, "queued": 1, "executing": 2, "complete": 3},
    }  # fmt: skip


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_words_that_look_failed_are_drained_together_and_named(place: Workplace) -> None:
    make(place, tables.DIRTY_WORDS)
    section, ran = ask(place)
    assert section["source"]["states"] == {"failed": ["failed", "FAILED", "error", "Failed "], "complete": "done"}
    assert "'FAILED', 'error', 'Failed ' look failed as well, and a drain takes them with 'failed'" in ran.out
    assert section["source"]["columns"]["state"] == "status"


@on("database_url", ["sqlite"], indirect=True)
def test_a_csv_without_a_key_is_told_by_its_names_and_values(place: Workplace) -> None:
    make(place, tables.CSV)
    columns = source_of(place)["columns"]
    assert columns == {"run_id": "Run", "phase_id": "Step No", "phase_index": None, "state": "Status",
                       "last_failure_reason": "Error Text"}  # fmt: skip
    assert "it has no key: the ids are guessed by their names and values" in ask(place)[1].out


@on(
    ("database_url", "script"),
    [("sqlite", tables.CODES), ("postgresql", tables.CODES), ("mariadb", tables.CODES), ("postgresql", tables.CODES_JSON)],
    indirect=["database_url"],
    ids=["sqlite", "postgresql", "mariadb", "postgresql-json"],
)
def test_of_codes_those_with_failure_texts_are_a_guess_and_the_rest_is_left_to_people(place: Workplace, script: str) -> None:
    make(place, script.replace("result text", "error text"))
    section, ran = ask(place)
    assert section["source"]["states"] == {"failed": [4, 5]}
    assert "4, 5 are the only ones with failure texts, so they are taken for failed: a guess" in ran.out
    assert "# queued:   # none of these looks like it: name one of them: 0, " in ran.out
    assert section["source"]["columns"]["run_id"] == "job"


@on("database_url", ["postgresql"], indirect=True)
def test_a_text_within_json_is_the_reason_and_a_view_comes_behind_its_table(place: Workplace) -> None:
    view = "CREATE VIEW wr AS SELECT run_id, phase_id, state, reason -> 'error' ->> 'message' AS message FROM words"
    make(place, tables.WORDS_JSON, view)
    section, ran = ask(place)
    assert section["source"]["columns"]["last_failure_reason"] == {"column": "reason", "path": "error.message"}
    assert section["source"]["states"] == {
        "failed": ["FAILED", "ERROR"],
        "queued": "NEW",
        "executing": "RUNNING",
        "complete": "OK",
    }
    assert '#: It may be meant as well (--table): "wr"' in ran.out
    of_view = source_of(place, "--table=wr")
    assert of_view["columns"]["last_failure_reason"] == "message"


@on(("database_url", "script"), [("sqlite", tables.VIEW_OF_LETTERS)], indirect=["database_url"])
def test_a_view_that_can_not_be_updated_leaves_the_state_to_the_command(place: Workplace, script: str) -> None:
    make(place, script)
    section, ran = ask(place)
    assert section["command"]["result_from"] == "database"
    assert (
        "it is a view that can't be updated (an INSTEAD OF trigger does not say how many rows it changed): your command"
        in ran.out
    )


ROWS = "CREATE TABLE rows_of (run_id varchar(9), phase_id varchar(9), state varchar(9), why varchar(20), PRIMARY KEY (run_id, phase_id));\n"
ROWS += "INSERT INTO rows_of VALUES ('r', 'a', 'FAILED', 'x'), ('r', 'b', 'FAILED', 'y'), ('q', 'c', 'QUEUED', NULL)"
PLAIN = f"{ROWS};\nCREATE VIEW phases AS SELECT run_id, phase_id, state, why FROM rows_of"
GENERATED = "CREATE TABLE phases (run_id varchar(9), phase_id varchar(9), code int, state varchar(9) GENERATED ALWAYS AS "
GENERATED += "(CASE WHEN code = 1 THEN 'FAILED' ELSE 'QUEUED' END) STORED, PRIMARY KEY (run_id, phase_id));\n"
GENERATED += "INSERT INTO phases (run_id, phase_id, code) VALUES ('r', 'a', 1), ('r', 'b', 1), ('q', 'c', 2)"
INSTEAD = """;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER instead INSTEAD OF UPDATE ON phases FOR EACH ROW EXECUTE FUNCTION instead()"""
RULE = ";\nCREATE RULE instead AS ON UPDATE TO phases DO INSTEAD NOTHING"
COMPUTED = PLAIN.replace("state, why FROM", "CASE state WHEN 'ERROR' THEN 'FAILED' ELSE state END AS state, why FROM")


@on(
    ("database_url", "script", "told"),
    [
        ("postgresql", PLAIN + INSTEAD, "is a view whose rows are written by an INSTEAD OF trigger"),
        ("postgresql", PLAIN + RULE, "is a view whose rows are written by a rule"),
        ("postgresql", PLAIN.replace("VIEW", "MATERIALIZED VIEW"), "is a materialized view"),
        ("postgresql", COMPUTED, "state is computed in this view"),
        ("mariadb", COMPUTED, "state is computed in this view"),
        ("sqlite", GENERATED, "state is computed in this table"),
        ("postgresql", GENERATED, "state is computed in this table"),
        ("mariadb", GENERATED, "state is computed in this table"),
        ("postgresql", PLAIN, ""),
        ("mariadb", PLAIN, ""),
    ],
    indirect=["database_url"],
)
def test_what_is_never_written_is_told_alike_by_init_and_by_the_doctor(place: Workplace, script: str, told: str) -> None:
    make(place, script)
    section, shown = ask(place, "--table=phases")
    place.source = {"columns": {"phase_index": None, "last_failure_reason": None}}
    place.configure(command={"result_from": "exit_code"})
    looked = place.inv("doctor")

    assert (section.get("command", {}).get("result_from") == "database") is bool(told), shown.out
    assert (told in shown.out, told in looked.out) == (True, True), (shown.out, looked.out)
    assert (looked.code == 78) is bool(told), looked.out


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_a_queue_without_a_state_is_explained_and_the_view_over_it_is_taken(place: Workplace) -> None:
    make(place, tables.SOLID_QUEUE)
    refused = place.inv("init", env={"DATABASE_URL": place.url})
    assert refused.code == 78
    assert "a failed job is a row of solid_queue_failed_executions; a view over it can be drained" in refused.err

    make(place, tables.SOLID_QUEUE_VIEW)
    section, _ = ask(place)
    assert section["source"]["table"] == "drainable"
    assert section["source"]["states"] == {
        "failed": "failed",
        "queued": "ready",
        "executing": "claimed",
        "complete": "finished",
    }
    assert section["command"]["result_from"] == "database"


@on("database_url", ["postgresql"], indirect=True)
@on(
    ("script", "columns", "states"),
    [
        (tables.PROCRASTINATE, {"run_id": "queue_name", "phase_id": "id", "state": "status", "phase_index": None, "last_failure_reason": None},
         {"failed": "failed", "queued": "todo", "executing": "doing", "complete": "succeeded"}),
        (tables.DJANGO_TASKS, {"run_id": "queue_name", "phase_id": "id", "state": "status", "phase_index": None, "last_failure_reason": "traceback"},
         {"queued": "READY", "executing": "RUNNING", "complete": "SUCCESSFUL"}),
    ],
    ids=["procrastinate", "django-tasks-db"],
)  # fmt: skip
def test_a_known_schema_is_written_at_once_in_whatever_schema_it_stands(
    place: Workplace, script: str, columns: dict[str, Any], states: dict[str, str]
) -> None:
    make(place, "CREATE SCHEMA work", "CREATE TABLE people (id int PRIMARY KEY, status text)")
    make(place, *(script.replace("CREATE TABLE ", "CREATE TABLE work.").replace("INSERT INTO ", "INSERT INTO work."),))
    section, _ = ask(place)
    assert (section["source"]["columns"], section["source"]["states"]) == (columns, states)
    assert section["source"]["table"].startswith("work.")


@on("database_url", ["postgresql", "mariadb"], indirect=True)
def test_a_comment_and_a_domain_say_what_words_there_are(place: Workplace) -> None:
    if place.url.startswith("postgresql"):
        make(place, "CREATE DOMAIN word AS text CHECK (VALUE IN ('new', 'running', 'ok', 'failed'))")
        make(place, "CREATE TABLE steps (run_id int, step int, state word, PRIMARY KEY (run_id, step))")
        assert source_of(place)["states"] == {"failed": "failed", "queued": "new", "executing": "running", "complete": "ok"}
        return
    make(
        place,
        "CREATE TABLE steps (run_id int, step int, state int COMMENT '0 new, 1 running, 2 done, 9 failed', PRIMARY KEY (run_id, step))",
    )
    assert source_of(place)["states"] == {"failed": 9, "queued": 0, "executing": 1, "complete": 2}


@on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
def test_a_table_whose_success_deletes_the_row_is_one_like_any_other(place: Workplace) -> None:
    make(place, tables.DELETED)
    section, ran = ask(place)
    assert section["source"] == {"table": "del", "columns": {"phase_index": None, "last_failure_reason": None}}
    assert '# complete: "COMPLETE"   # a guess: no row shows it' in ran.out


@on("database_url", ["sqlite"], indirect=True)
def test_what_is_written_says_why_and_what_else_may_be_meant(place: Workplace) -> None:
    make(place, tables.AUTOPACK)
    ran = place.inv("init", env={"DATABASE_URL": place.url})
    assert "  its key is run_id + phase_id; state holds its state, failed is 'FAILED'" in ran.out
    assert "  or --table=tiers: its key is id; state holds its state" in ran.out


@on("database_url", ["postgresql"], indirect=True)
def test_a_table_that_may_not_be_read_is_told_and_hinders_no_other(place: Workplace) -> None:
    make(place, tables.DELETED, "CREATE TABLE secret_jobs (run_id text, phase_id text, state text)")
    role = place.url.rsplit("/", 1)[1] + "_reader"
    make(place, f"CREATE ROLE {role} LOGIN", f"GRANT SELECT ON del TO {role}")
    env = {"DATABASE_URL": place.url.replace("postgres@", f"{role}@")}
    try:
        found = place.inv("--dry", "init", env=env)
        refused = place.inv("--dry", "init", "--table=secret_jobs", env=env)
    finally:
        make(place, f"DROP OWNED BY {role}", f"DROP ROLE {role}")
    assert safe_load(found.out)["batchdrain"]["source"]["table"] == "del"
    assert refused.code == 78
    assert "let your database user read it" in refused.err
