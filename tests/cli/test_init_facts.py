"""What `inv init` reads of tables, keys, words and values, fact by fact, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.cli.commands.init.facts import Kind, Parent, TableFacts
from batchdrain.cli.commands.init.read_facts import read_tables
from batchdrain.cli.commands.init.tables import _other_schemas, look_for, read_table
from batchdrain.database.connection import Database, open_database
from batchdrain.model.errors import UsageError
from tests.support.workplace import Workplace

on = pytest.mark.parametrize
SERVERS = on("database_url", ["postgresql", "mariadb"], indirect=True)
EACH = on("database_url", ["sqlite", "postgresql", "mariadb"], indirect=True)
WORDS = ["CREATE TABLE runs (id INTEGER PRIMARY KEY, name VARCHAR(20))",
         "CREATE TABLE words (code INTEGER PRIMARY KEY, word VARCHAR(20))",
         "INSERT INTO words VALUES (1, 'queued'), (4, 'failed'), (7, 'odd')"]  # fmt: skip
STEPS = (
    "CREATE TABLE steps (id INTEGER PRIMARY KEY, run_id INTEGER NOT NULL, step VARCHAR(9) NOT NULL, status INTEGER, "
    "kind VARCHAR(9) CHECK (kind IN ('a', 'b')), done BOOLEAN, begun TIMESTAMP NULL, day DATE, details JSON, cost NUMERIC(9,2), "
    "error TEXT, mtime BIGINT, UNIQUE (run_id, step), FOREIGN KEY (run_id) REFERENCES runs (id), "
    "FOREIGN KEY (status) REFERENCES words (code))"
)
ROWS = [
    "INSERT INTO runs VALUES (1, 'x')",
    (
        "INSERT INTO steps (id, run_id, step, status, kind, error, mtime) VALUES (1, 1, 's', 4, 'a', 'boom', 1700000000000), "
        "(2, 1, 't', 4, 'b', NULL, NULL), (3, 1, 'u', NULL, NULL, NULL, NULL)"
    ),
]


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Workplace:
    return Workplace(root=tmp_path, url=database_url)


@pytest.fixture
def database(place: Workplace) -> Iterator[Database]:
    found = open_database(place.url, lambda _: None)
    yield found
    found.close()


def read(database: Database, place: Workplace, *statements: str) -> dict[str, TableFacts]:
    for statement in statements:
        place.sql(statement.replace(":", r"\:"))
    return {one.name: one for one in read_tables(database, None)}


def facts_of(table: TableFacts, name: str, *facts: str) -> tuple[Any, ...]:
    return tuple(getattr(table.by_name[name], fact) for fact in facts)


@EACH
def test_each_column_has_its_kind_its_words_and_what_it_refers_to(database: Database, place: Workplace) -> None:
    found = read(database, place, *WORDS, STEPS, *ROWS)
    steps = found["steps"]
    assert sorted(found) == ["runs", "steps", "words"]
    is_sqlite, is_maria = place.url.startswith("sqlite"), place.url.startswith("mysql")
    assert {column.name: column.kind for column in steps.columns} == {
        "id": Kind.WHOLE, "run_id": Kind.WHOLE, "step": Kind.TEXT, "status": Kind.WHOLE, "kind": Kind.TEXT,
        "done": Kind.WHOLE if is_maria else Kind.TRUTH, "begun": Kind.TIME, "day": Kind.TIME, "details": Kind.JSON,
        "cost": Kind.TEXT if is_sqlite else Kind.NAME, "error": Kind.TEXT, "mtime": Kind.WHOLE,
    }  # fmt: skip
    assert set(steps.keys) == {("id",), ("run_id", "step")}
    assert steps.keys[0] == ("id",)
    assert facts_of(steps, "run_id", "takes_null", "parent", "counts", "words", "fits_time") == (
        False, Parent(schema=None, table="runs", column="id"), None, (), False,
    )  # fmt: skip
    assert facts_of(steps, "status", "takes_null", "parent", "counts", "words", "meanings") == (
        True, Parent(schema=None, table="words", column="code"), {4: 2, None: 1}, ("1", "4", "7"),
        {"1": "queued", "4": "failed", "7": "odd"},
    )  # fmt: skip
    assert facts_of(steps, "kind", "counts", "words", "parent") == ({"a": 1, "b": 1, None: 1}, ("a", "b"), None)
    assert facts_of(steps, "mtime", "unit", "fits_time", "counts") == ("ms", True, None)
    assert facts_of(steps, "step", "counts", "unit") == (None, "")
    assert facts_of(found["words"], "word", "counts") == ({"queued": 1, "failed": 1, "odd": 1},)
    assert (steps.rows[0]["error"], steps.rows[0]["status"], steps.rows[0]["mtime"]) == ("boom", 4, 1_700_000_000_000)
    assert (steps.unwritable, steps.computed, steps.is_view, steps.problem, steps.full_name) == (
        "",
        frozenset(),
        False,
        "",
        "steps",
    )


@EACH
def test_a_view_has_no_keys_and_the_words_that_its_definition_names(database: Database, place: Workplace) -> None:
    view = (
        "CREATE VIEW seen AS SELECT run_id, step, CASE WHEN error IS NULL THEN 'done' ELSE 'failed' END AS state FROM steps"
    )
    seen = read(database, place, *WORDS, STEPS, *ROWS[:1], view)["seen"]
    assert (seen.keys, seen.is_view, "state" in seen.computed) == ((), True, True)
    assert facts_of(seen, "state", "counts") == ({"done": 0, "failed": 0},)
    place.sql(ROWS[1])
    [seen] = read_tables(database, None, "seen")
    assert facts_of(seen, "state", "counts") == ({"done": 2, "failed": 1},)
    assert facts_of(seen, "run_id", "parent", "counts") == (None, None)


@EACH
def test_a_column_with_more_than_sixty_words_is_not_counted_and_one_of_many_values_is_none_of_words(
    database: Database, place: Workplace
) -> None:
    found = read(
        database, place, "CREATE TABLE t (id INTEGER PRIMARY KEY, state VARCHAR(9), kind VARCHAR(9), mood VARCHAR(9))",
        "INSERT INTO t VALUES " + ", ".join(f"({n}, 'w{n % 20}', 'k{n % 21}', 'm{n % 20}')" for n in range(63)),
    )["t"]  # fmt: skip
    assert len(found.by_name["state"].counts or ()) == 20
    assert facts_of(found, "kind", "counts") == facts_of(found, "mood", "counts") == (None,)
    place.sql("INSERT INTO t VALUES (100, 'w20', 'k', 'failed')")
    [found] = read_tables(database, None, "t")
    assert facts_of(found, "state", "counts") == (None,), "by name it may be a state of at most twenty words"


@EACH
def test_words_are_counted_as_they_are_spelt(database: Database, place: Workplace) -> None:
    found = read(database, place, "CREATE TABLE t (id INTEGER PRIMARY KEY, state VARCHAR(9))",
                 "INSERT INTO t VALUES (1, 'failed'), (2, 'FAILED'), (3, 'failed '), (4, 'failed')")["t"]  # fmt: skip
    assert facts_of(found, "state", "counts") == ({"failed": 2, "FAILED": 1, "failed ": 1},)


@on("database_url", ["sqlite", "postgresql"], indirect=True)
def test_an_index_is_a_key_if_it_is_unique_of_columns_and_of_all_rows(database: Database, place: Workplace) -> None:
    found = read(
        database, place, "CREATE TABLE t (a INTEGER NOT NULL, b INTEGER NOT NULL, c VARCHAR(9))",
        "CREATE UNIQUE INDEX part ON t (a) WHERE b > 1", "CREATE INDEX plain ON t (a)", "CREATE UNIQUE INDEX lowered ON t (lower(c))",
        "CREATE UNIQUE INDEX whole ON t (b, a)",
    )["t"]  # fmt: skip
    assert found.keys == (("b", "a"),)


@on("database_url", ["sqlite"], indirect=True)
def test_a_check_says_that_a_column_holds_json_and_not_that_another_does(database: Database, place: Workplace) -> None:
    checks = 'd TEXT CHECK (json_valid(d)), "e f" TEXT CHECK (JSON_VALID( "e f" )), doc TEXT, valid TEXT'
    found = read(database, place, f"CREATE TABLE t (id INTEGER PRIMARY KEY, {checks})")["t"]
    assert [one.name for one in found.columns if one.kind is Kind.JSON] == ["d", "e f"]


@EACH
def test_long_texts_are_shortened_and_those_of_a_reason_later(database: Database, place: Workplace) -> None:
    found = read(database, place, "CREATE TABLE t (id INTEGER PRIMARY KEY, error TEXT, note TEXT)",
                 f"INSERT INTO t VALUES (1, '{'x' * 9_000}', '{'y' * 9_000}')")["t"]  # fmt: skip
    [row] = found.rows
    assert (row["error"], row["note"]) == ("x" * 8_000, "y" * 400)


@EACH
def test_at_most_a_thousand_rows_are_looked_at_and_of_documents_two_hundred(database: Database, place: Workplace) -> None:
    rows = ", ".join(f"({n})" for n in range(1_001))
    found = read(database, place, "CREATE TABLE t (id INTEGER PRIMARY KEY)", f"INSERT INTO t VALUES {rows}",
                 "CREATE TABLE d (id INTEGER PRIMARY KEY, doc JSON)", f"INSERT INTO d (id) VALUES {rows}")  # fmt: skip
    assert (len(found["t"].rows), len(found["d"].rows)) == (1_000, 200)


@on("database_url", ["postgresql"], indirect=True)
def test_a_partition_is_no_table_of_its_own_and_other_schemas_are_those_of_people(
    database: Database, place: Workplace
) -> None:
    found = read(
        database, place, "CREATE TABLE t (id INTEGER, day DATE) PARTITION BY RANGE (day)",
        "CREATE TABLE t_one PARTITION OF t FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')", "CREATE SCHEMA work",
        "CREATE TABLE work.jobs (id INTEGER PRIMARY KEY, run_id TEXT, status TEXT)", "CREATE MATERIALIZED VIEW m AS SELECT 1 AS id",
    )  # fmt: skip
    assert (list(found), [one.name for one in read_tables(database, None, "t_one")]) == (["t", "m"], ["t_one"])
    assert found["m"].is_view
    assert _other_schemas(database) == ["work"]
    assert [one.table for one in look_for(database, None)] == ["work.jobs"]
    assert read_table(database, "work.jobs").full_name == "work.jobs"
    assert look_for(database, "work.jobs")[0].table == "work.jobs"


@on("database_url", ["sqlite", "mariadb"], indirect=True)
def test_other_databases_have_no_other_schemas(database: Database) -> None:
    assert _other_schemas(database) == []


@EACH
def test_a_table_that_is_not_there_is_refused_and_none_of_ours_is_meant(database: Database, place: Workplace) -> None:
    read(
        database, place, "CREATE TABLE jobs (id INTEGER PRIMARY KEY)", "CREATE TABLE batchdrain_job (id INTEGER PRIMARY KEY)"
    )
    with pytest.raises(UsageError, match=r"^--table: 'jbs' is not in .* \(did you mean 'jobs'\?\)$"):
        read_table(database, "jbs")
    with pytest.raises(
        UsageError, match=r"^--table: 'batchdrain_jobs' is not in .* \((known: jobs|did you mean 'jobs'\?)\)$"
    ):
        read_table(database, "batchdrain_jobs")


@EACH
def test_a_named_table_without_a_state_or_a_log_is_mapped_with_the_way_to_drain_it(
    database: Database, place: Workplace
) -> None:
    read(database, place, "CREATE TABLE jobs (id INTEGER PRIMARY KEY, failed_at TIMESTAMP NULL)",
         "CREATE TABLE job_log (id INTEGER PRIMARY KEY, job_id VARCHAR(9), status VARCHAR(9))",
         "CREATE TABLE drainable (id INTEGER PRIMARY KEY, status VARCHAR(9))")  # fmt: skip
    [jobs], [log], [plain] = (look_for(database, name) for name in ("jobs", "job_log", "drainable"))
    quote = "`" if place.url.startswith("mysql") else '"'
    begin = f"then run `inv init` again: CREATE VIEW {quote}drainable_"
    assert jobs.doubts[-1].startswith(
        f"it has no column of a state; this gives it one, {begin}jobs{quote} AS SELECT 'all' AS run_id"
    )
    assert log.doubts[-1].startswith(f"this view has each one's last row, {begin}job_log{quote} AS SELECT DISTINCT")
    assert not any("CREATE VIEW" in doubt for doubt in plain.doubts)
