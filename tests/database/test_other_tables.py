"""It works on your table: other names, other words, an enum, a schema, a view, integer ids. And init and doctor prove it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from invoke.vendor import yaml

from batchdrain.database.phases.names import join_name, split_name
from tests.support.workplace import WORKER, Workplace

safe_load: Any = yaml.safe_load
OTHER: dict[str, Any] = {
    "table": "Build Steps",
    "columns": {"run_id": "Build", "phase_id": "Step Name", "phase_index": "pos", "state": "Status",
                "last_failure_reason": "Last Error", "updated_at": "touched"},
    "states": {"failed": "broken", "queued": "todo", "executing": "doing", "complete": "done"},
    "where": "tenant = 'mine: a%b'",
}  # fmt: skip


@pytest.fixture
def other(project: Workplace) -> Workplace:
    """A table where everything has another name."""
    moment = "TIMESTAMP" if "postgresql" in project.url else "DATETIME"
    project.sql(
        f'CREATE TABLE "Build Steps" ("Build" VARCHAR(99), "Step Name" VARCHAR(99), pos INT, "Status" VARCHAR(9) NOT NULL, '
        f'"Last Error" TEXT NOT NULL DEFAULT \'\', touched {moment}, tenant VARCHAR(20), UNIQUE ("Build", "Step Name"))'
    )
    for step, tenant in (("x", "mine: a%b"), ("y~fail", "mine: a%b"), ("z", "theirs")):
        project.sql(
            "INSERT INTO \"Build Steps\" VALUES ('b1', :s, 1, 'broken', 'it''s odd', NULL, :t)", [{"s": step, "t": tenant}]
        )
    project.source = OTHER
    project.configure()
    return project


def test_a_table_with_other_names_and_words_is_drained(other: Workplace) -> None:
    ran = other.inv("drain")

    assert ran.code == 1, ran.err
    rows = other.sql('SELECT "Step Name", "Status", "Last Error", touched IS NOT NULL FROM "Build Steps" ORDER BY 1')
    assert [row[:2] for row in rows] == [("x", "done"), ("y~fail", "broken"), ("z", "broken")]
    assert [bool(row[3]) for row in rows] == [True, True, False]
    assert rows[0][2] == ""
    assert rows[1][2].startswith("ValueError: no luck")
    assert rows[2][2] == "it's odd"
    assert [(r["initial_state"], r["final_state"]) for r in other.session()["results"]] == [
        ("broken", "done"),
        ("broken", "broken"),
    ]


def test_doctor_proves_the_mapping(other: Workplace) -> None:
    ran = other.inv("doctor")
    assert ran.code == 0, ran.out
    assert ran.lines[-1] == "All is well."
    assert other.sessions.exists() is False


def test_the_users_schema_is_never_altered(other: Workplace) -> None:
    def shape() -> object:
        if other.url.startswith("sqlite"):
            return other.sql("SELECT sql FROM sqlite_master WHERE name = 'Build Steps'")
        ours = "table_schema = DATABASE()" if other.url.startswith("mysql") else "table_schema = 'public'"
        return other.sql(
            "SELECT column_name, data_type, column_default FROM information_schema.columns "
            f"WHERE table_name = 'Build Steps' AND {ours} ORDER BY ordinal_position"
        )

    before = shape()
    other.inv("drain")
    assert shape() == before


def test_integer_ids_and_integer_states_work(project: Workplace) -> None:
    project.sql(
        "CREATE TABLE jobs (batch INTEGER, task INTEGER, n INTEGER, code INTEGER, err TEXT, PRIMARY KEY (batch, task))"
    )
    project.sql("INSERT INTO jobs VALUES (1, 10, 1, 3, NULL), (1, 11, NULL, 3, 'x')")
    project.source = {
        "table": "jobs",
        "columns": {"run_id": "batch", "phase_id": "task", "phase_index": "n", "state": "code", "last_failure_reason": "err"},
        "states": {"failed": 3, "queued": 0, "executing": 1, "complete": 2},
    }
    project.configure()

    assert project.inv("drain").code == 0
    assert project.sql("SELECT code FROM jobs") == [(2,), (2,)]


@pytest.fixture
def enum(postgresql_url: str, tmp_path: Path) -> Workplace:
    """PostgreSQL: a schema, an enum, a uuid, and a view over them."""
    root = tmp_path / "project"
    root.mkdir()
    work = Workplace(root=root, url=postgresql_url)
    work.sql("CREATE SCHEMA ops")
    work.sql("CREATE TYPE ops.mood AS ENUM ('waiting', 'busy', 'sad', 'glad')")
    work.sql("CREATE TABLE ops.steps (run UUID, step TEXT, ord BIGINT, mood ops.mood, why TEXT, PRIMARY KEY (run, step))")
    work.sql("CREATE VIEW ops.my_steps AS SELECT * FROM ops.steps WHERE step <> 'hidden'")
    run = "11111111-2222-3333-4444-555555555555"
    work.sql("INSERT INTO ops.steps VALUES (:r, 'a', 1, 'sad', NULL), (:r, 'hidden', 2, 'sad', NULL)", [{"r": run}])
    work.source = {
        "table": "ops.steps",
        "columns": {"run_id": "run", "phase_id": "step", "phase_index": "ord", "state": "mood", "last_failure_reason": "why"},
        "states": {"failed": "sad", "queued": "waiting", "executing": "busy", "complete": "glad"},
    }
    return work


@pytest.mark.parametrize(("table", "moods"), [("ops.steps", ["glad", "glad"]), ("ops.my_steps", ["glad", "sad"])])
def test_an_enum_in_a_schema_works_as_a_table_and_as_a_view(enum: Workplace, table: str, moods: list[str]) -> None:
    enum.source["table"] = table
    enum.configure()

    assert enum.inv("doctor").code == 0
    assert enum.inv("drain").code == 0

    assert [mood for (mood,) in enum.sql("SELECT mood FROM ops.steps ORDER BY step")] == moods
    tables = enum.sql("SELECT table_schema FROM information_schema.tables WHERE table_name LIKE 'batchdrain%'")
    assert tables == [("ops",)] * 7


def test_doctor_lists_every_problem_at_once(enum: Workplace) -> None:
    enum.source["states"] = {"failed": "unhappy", "queued": "waiting", "executing": "EXECUTING", "complete": "glad"}
    enum.configure(command={"argv": ["/no/such/program", "{oops}"]}, policy=["smrt"], engine="nothing:here")
    ran = enum.inv("doctor", "--format=json")

    assert ran.code == 78
    wrong = [row["said"] for row in json.loads(ran.out) if not row["ok"]]
    for part in ("'unhappy' is not a value of the enum", "'EXECUTING' is not a value of the enum", "{oops} is no placeholder",
                 "'smrt' is not known (did you mean 'smart'?)", "'nothing'"):  # fmt: skip
        assert any(part in said for said in wrong), (part, wrong)


def test_doctor_prints_the_ddl_where_tables_may_not_be_made(enum: Workplace) -> None:
    role = f"reader_{enum.url[-8:]}"
    enum.sql(f"CREATE ROLE {role} LOGIN")
    enum.sql(f"GRANT USAGE ON SCHEMA ops TO {role}")
    enum.sql(f"GRANT SELECT ON ops.steps TO {role}")
    try:
        enum.configure(database_url=enum.url.replace("postgres@", f"{role}@"))
        ran = enum.inv("doctor")
        refused = enum.inv("drain")
    finally:
        enum.sql(f"DROP OWNED BY {role}")
        enum.sql(f"DROP ROLE {role}")

    assert ran.code == 78
    assert "FAIL privileges: 'steps' may not be updated" in ran.out
    assert "CREATE TABLE ops.batchdrain_claim" in ran.out
    assert (refused.code, "`inv doctor` prints their DDL" in refused.err) == (78, True)


def test_a_view_that_sqlite_can_not_update_is_told_by_doctor(sqlite_project: Workplace) -> None:
    sqlite_project.sql("CREATE VIEW v AS SELECT * FROM phases")
    sqlite_project.source = {"table": "v"}
    sqlite_project.configure()
    sqlite_project.fail("r/a")
    assert "is a view that can't be updated" in sqlite_project.inv("doctor").out


def test_init_guesses_the_mapping_and_doctor_then_finds_it_sound(other: Workplace) -> None:
    other.sql("DROP TABLE phases")
    (other.root / "invoke.yaml").unlink()
    env = {"DATABASE_URL": other.url}

    ran = other.inv("init", env=env)

    assert ran.code == 0, ran.err
    section: dict[str, Any] = safe_load((other.root / "invoke.yaml").read_text())["batchdrain"]
    assert section["source"]["table"] == "Build Steps"
    assert section["source"]["columns"] == OTHER["columns"]
    assert section["source"]["states"]["failed"] == "broken"
    assert "check source.states" in ran.out
    assert other.inv("init", env=env).code == 78


def test_init_finds_a_table_in_another_schema(enum: Workplace) -> None:
    (enum.root / "invoke.yaml").unlink()
    enum.sql("ALTER TABLE ops.steps RENAME COLUMN mood TO status")

    ran = enum.inv("init", f"--database-url={enum.url}")

    assert ran.code == 0, ran.err
    section = safe_load((enum.root / "invoke.yaml").read_text())["batchdrain"]
    assert section["source"]["table"] in {"ops.steps", "ops.my_steps"}


def test_a_reason_that_is_too_long_for_its_column_loses_words_and_not_how_it_ended(project: Workplace) -> None:
    project.sql("CREATE TABLE narrow (run_id VARCHAR(9), phase_id VARCHAR(30), phase_index INT, state VARCHAR(9), "
             "last_failure_reason VARCHAR(36), PRIMARY KEY (run_id, phase_id))")  # fmt: skip
    project.sql("INSERT INTO narrow VALUES ('r', 'p~fail', 1, 'FAILED', NULL)")
    project.source = {"table": "narrow"}
    project.configure()

    assert project.inv("drain").code == 1
    reason = project.sql("SELECT last_failure_reason FROM narrow")[0][0]
    assert reason == "ValueError: no luck with p~ [exit 1]"


def test_init_finds_the_words_of_an_enum_and_keeps_secrets_out_of_the_file(enum: Workplace) -> None:
    (enum.root / "invoke.yaml").unlink()
    url = enum.url.replace("postgres@", "postgres:hunter22@")

    ran = enum.inv("init", f"--database-url={url}", "--table=ops.steps")

    assert ran.code == 0, ran.err
    text = (enum.root / "invoke.yaml").read_text()
    assert "hunter22" not in text + ran.out
    assert safe_load(text)["batchdrain"]["source"]["columns"]["phase_id"] == "step"


def test_the_first_five_minutes_in_a_project_of_ones_own(project: Workplace) -> None:
    project.fail("r/a", "r/b~fail")
    (project.root / "invoke.yaml").unlink()

    assert project.inv("init", f"--database-url={project.url}").code == 0
    path = project.root / "invoke.yaml"
    path.write_text(path.read_text().replace('["{python}", -m, myproject.work,', f'["{sys.executable}", "{WORKER}",'))

    assert project.inv("doctor").code == 0
    assert "Would drain 2 of 2" in project.inv("dry-run").out
    assert project.inv("drain").code == 1
    assert "Total Processed: 2" in project.inv("summary").out


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("phases", (None, "phases")),
        ("ops.steps", ("ops", "steps")),
        ('"Ops"."Work Items"', ("Ops", "Work Items")),
        ('Ops."a.b"', ("Ops", "a.b")),
        ('"say ""hi"""', (None, 'say "hi"')),
        ("a.b.c", ("a", "b.c")),
    ],
)
def test_a_table_is_named_as_sql_names_it(name: str, parts: tuple[str | None, str]) -> None:
    assert split_name(name) == parts
    assert split_name(join_name(*parts)) == parts


def test_a_table_with_an_ugly_name_is_drained(project: Workplace) -> None:
    dialect = project.engine.dialect
    schema = "Ops 1" if dialect.name == "postgresql" else None
    if schema is not None:
        project.sql(f'CREATE SCHEMA "{schema}"')
    table = sa.Table('Work "Items" 100%.x', sa.MetaData(schema=schema), *(sa.Column(name, sa.String(50)) for name in COLUMNS))
    table.create(project.engine)
    with project.engine.begin() as connection:
        connection.execute(table.insert().values(run_id="r", phase_id="p", state="FAILED"))
    project.source = {"table": join_name(schema, table.name), "columns": {"phase_index": None}}
    project.configure()

    assert (project.inv("doctor").code, project.inv("drain").code) == (0, 0)
    with project.engine.connect() as connection:
        assert connection.execute(sa.select(table.c.state)).scalar() == "COMPLETE"


COLUMNS = ("run_id", "phase_id", "state", "last_failure_reason")
