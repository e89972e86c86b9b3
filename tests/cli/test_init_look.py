"""At which tables `inv init` looks in a database, and what it says where none of them can be drained as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batchdrain.cli.commands.init import tables
from batchdrain.cli.commands.init.known_schemas import KNOWN
from batchdrain.cli.commands.init.read_facts import read_tables
from batchdrain.cli.commands.init.tables import NoTable, look_for, read_table
from batchdrain.database.connection import Database, open_database
from batchdrain.model.errors import ConfigError, DatabaseUnavailable, UsageError
from tests.support.workplace import Workplace

PHASES = "CREATE TABLE phases (run_id TEXT, phase_id TEXT, state TEXT, PRIMARY KEY (run_id, phase_id))"
FAILED = "INSERT INTO {} VALUES ('r', 'a', 'FAILED')"
STATELESS = next(one for one in KNOWN if one.no_state and one.name.startswith("Delayed Job"))
COLUMNS = dict.fromkeys((*STATELESS.has, "queue", "last_error", "locked_at"))
QUEUE = f"CREATE TABLE queue ({', '.join(f'{name} TEXT' for name in COLUMNS)})"


@pytest.fixture
def place(tmp_path: Path, sqlite_url: str) -> Workplace:
    return Workplace(root=tmp_path, url=sqlite_url)


@pytest.fixture
def database(place: Workplace) -> Iterator[Database]:
    found = open_database(place.url, lambda _: None)
    yield found
    found.close()


def make(place: Workplace, *statements: str) -> None:
    for statement in statements:
        place.sql(statement.replace(":", r"\:"))


def refused(database: Database, table: str | None = None) -> NoTable:
    with pytest.raises(NoTable) as caught:
        look_for(database, table)
    return caught.value


def test_the_likeliest_tables_of_the_database_are_found_and_a_named_one_alone(place: Workplace, database: Database) -> None:
    assert refused(database).message.endswith(" looks like one of phases: it has no tables")
    make(
        place,
        PHASES,
        FAILED.format("phases"),
        PHASES.replace("phases", "steps"),
        "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT)",
    )
    assert [one.table for one in look_for(database, None)] == ["phases", "steps"]
    assert [one.table for one in look_for(database, "steps")] == ["steps"]
    with pytest.raises(UsageError, match=r"^--table: 'step' is not in sqlite:.* \(did you mean 'steps'\?\)$"):
        look_for(database, "step")


def test_a_table_that_can_not_be_read_is_told_with_its_cure(
    place: Workplace, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(place, PHASES)

    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable("no rights")

    monkeypatch.setattr("batchdrain.cli.commands.init.read_facts._read_table", away)
    [found] = read_tables(database, None)
    assert (found.name, found.problem, found.columns) == ("phases", "no rights", ())
    with pytest.raises(ConfigError) as caught:
        read_table(database, "phases")
    assert str(caught.value) == "--table: 'phases': no rights; let your database user read it"


def test_a_named_table_that_can_not_be_drained_is_told_with_the_way_that_it_can(place: Workplace, database: Database) -> None:
    make(
        place, "CREATE TABLE timed (id INTEGER PRIMARY KEY, failed_at TIMESTAMP)",
        "CREATE TABLE step_log (id INTEGER PRIMARY KEY, step_id INTEGER REFERENCES steps (id), status TEXT)",
        "INSERT INTO step_log VALUES (1, 1, 'failed')", "CREATE TABLE steps (id INTEGER PRIMARY KEY, name TEXT)",
        "CREATE TABLE hashed (id BLOB PRIMARY KEY, run_id TEXT, status TEXT)", "INSERT INTO hashed VALUES (x'00', 'r', 'failed')",
        "CREATE TABLE drainable (id INTEGER)", PHASES,
    )  # fmt: skip
    last = {name: look_for(database, name)[0].doubts[-1:] for name in ("timed", "step_log", "hashed", "phases")}
    begins = {
        "timed": ("it has no column of a state; this gives it one", 'FROM "timed";'),
        "step_log": ("this view has each one's last row", 'later."id" > one."id");'),
        "hashed": ("bytes can't name a phase; this view makes texts of them", 'FROM "hashed";'),
    }
    for name, (told, end) in begins.items():
        [doubt] = last[name]
        assert doubt.startswith(f'{told}, then run `inv init` again: CREATE VIEW "drainable_{name}" AS SELECT'), name
        assert doubt.endswith(end)
    assert not any("inv init" in doubt for doubt in last["phases"])


def test_a_log_that_is_the_likeliest_is_told_with_the_view_of_its_last_rows(place: Workplace, database: Database) -> None:
    make(place, "CREATE TABLE job_log (id INTEGER PRIMARY KEY, job_id INTEGER REFERENCES jobs (id), status TEXT)",
         "INSERT INTO job_log VALUES (1, 1, 'failed'), (2, 2, 'done')", "CREATE TABLE jobs (id INTEGER PRIMARY KEY)",
         "CREATE VIEW drainable AS SELECT 1 AS x")  # fmt: skip
    error = refused(database)
    assert error.message == (
        f"no table of {database.name} looks like one of phases: 'job_log' is the closest match, and has the name of a log: "
        "a drain would overwrite history; a view of the last row of each can be drained"
    )
    assert error.statement.splitlines()[0] == 'CREATE VIEW "drainable_job_log" AS'
    assert error.remedy == "execute the printed statement, and run `inv init` again"


def test_a_queue_that_is_known_comes_before_a_guess_and_its_view_is_mapped_by_its_recipe(
    place: Workplace, database: Database
) -> None:
    make(
        place,
        QUEUE,
        "CREATE TABLE jobs (id INTEGER PRIMARY KEY, run_id TEXT, status TEXT)",
        "INSERT INTO jobs VALUES (1, 'r', 'failed')",
    )
    error = refused(database)
    assert f"'queue' has the columns of {STATELESS.name}" in error.message
    assert error.message.endswith("; if 'jobs' is meant: `inv init --table=jobs`")
    assert error.statement.startswith("CREATE VIEW")
    make(place, *error.statement.rstrip(";").split(";\n"))
    [found, *_] = look_for(database, None)
    assert found.table == "drainable"
    assert f"it is a view of {STATELESS.name} in queue: {STATELESS.docs} of batchdrain" in found.reason
    assert STATELESS.source.items() <= found.source.items()


def test_other_schemas_are_those_of_postgresql_without_its_own(place: Workplace, database: Database) -> None:
    make(place, PHASES)
    assert tables._other_schemas(database) == []
    assert frozenset({"information_schema", "mysql", "performance_schema", "sys"}) == tables._SYSTEM
    assert (NoTable("x", "").remedy, NoTable("x", "").statement) == ("name it with --table", "")


def test_keys_words_and_references_are_read_of_a_table_of_sqlite(place: Workplace, database: Database) -> None:
    make(
        place, "CREATE TABLE runs (a INTEGER, b INTEGER, PRIMARY KEY (a, b))",
        "CREATE TABLE t (a INTEGER, b INTEGER, step TEXT, note TEXT, doc TEXT CHECK (json_valid(doc)), "
        "code INTEGER, state TEXT GENERATED ALWAYS AS (CASE code WHEN 1 THEN 'done' ELSE 'failed' END) STORED, "
        "UNIQUE (a, b, step), FOREIGN KEY (a, b) REFERENCES runs (a, b))",
        "CREATE UNIQUE INDEX whole ON t (note)", "CREATE UNIQUE INDEX part ON t (code) WHERE code > 1",
        "CREATE UNIQUE INDEX spoken ON t (lower(step))", "INSERT INTO t (a, b, step, code, doc) VALUES (1, 1, 's', 1, '{}')",
    )  # fmt: skip
    found = read_table(database, "t")
    assert sorted(found.keys) == [("a", "b", "step"), ("note",)]
    assert [(one.columns, one.table) for one in found.references] == [(("a", "b"), "runs")]
    assert found.computed == {"state"}
    assert (found.by_name["state"].counts, found.by_name["doc"].kind.value) == ({"done": 1, "failed": 0}, "json")
    assert [one.name for one in read_tables(database, None)] == ["runs", "t"]
    assert [one.name for one in read_tables(database, None, "t")] == ["t"]
