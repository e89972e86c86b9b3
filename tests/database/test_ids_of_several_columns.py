"""Several columns name a run or a phase: each row is read, found, written, grouped and counted by all of them, whatever their types."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.phases.keys import read_keys
from batchdrain.database.phases.row_counts import (
    count_by_run,
    count_by_run_and_state,
    find_duplicate_ids,
    has_unique_ids,
    read_ambiguous_ids,
)
from batchdrain.database.phases.row_words import RowWords
from batchdrain.database.phases.singly import Unreadable
from batchdrain.model.id_order import as_number
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from tests.database.test_column_types import keys_in, reflected, require_only_one_written
from tests.database.test_halves import CONDITIONS, opened

COLUMNS = {
    "sqlite": "a TEXT, b INTEGER, c DATE, d, e NUMERIC(8, 2), n INTEGER",
    "postgresql": "a CHAR(4), b BIGINT, c DATE, d TIMESTAMPTZ, e NUMERIC(8, 2), n UUID",
    "mysql": "a VARCHAR(9), b BIGINT UNSIGNED, c DATE, d DATETIME(6), e DECIMAL(8, 2), n UUID",
}
SOURCE = {
    "columns": {"run_id": ["a", "b", "c"], "phase_id": ["d", "e", "n"], "phase_index": None, "last_failure_reason": None}
}


def rows_of(dialect: str) -> list[str]:
    """SQL of rows that differ in one column at a time, and in spellings that collations or types take for one."""
    uuid = "'00000000-0000-4000-8000-00000000000{}'" if dialect != "sqlite" else "{}"
    base = ["'x/y'", "7", "'2026-11-01'", "'2026-11-01 10:00:00'", "1.50", uuid.format(1)]
    other = ["'X/Y'", "70", "'2026-11-02'", "'2026-11-01 10:00:01'", "15", uuid.format(2)]
    found = [base, *([*base[:at], value, *base[at + 1 :]] for at, value in enumerate(other))]
    found += [["'x\\\\/y'" if dialect == "mysql" else "'x\\/y'", *base[1:]], ["''", *base[1:]]]
    return [", ".join([*row, "'FAILED'"]) for row in found]


def test_each_row_is_found_by_all_its_columns_and_is_the_only_one_that_is_written(database_url: str) -> None:
    dialect = sa.make_url(database_url).get_backend_name()
    rows = rows_of(dialect)
    with reflected(database_url, f"{COLUMNS[dialect]}, state VARCHAR(20)", *rows, source=SOURCE) as (database, table):
        keys = keys_in(database, table, PhaseState.FAILED)
        assert len(set(keys)) == len(keys) == len(rows), keys
        for key in keys:
            require_only_one_written(database, table, key)
        assert sorted(keys_in(database, table, PhaseState.COMPLETE)) == sorted(keys)
        with database.read() as connection:
            assert find_duplicate_ids(connection, table) is None


def test_what_is_asked_for_many_phases_is_answered_for_each(database_url: str) -> None:
    dialect = sa.make_url(database_url).get_backend_name()
    rows = rows_of(dialect)
    with reflected(database_url, f"{COLUMNS[dialect]}, state VARCHAR(20)", *rows, source=SOURCE) as (database, table):
        keys = keys_in(database, table, PhaseState.FAILED)
        strangers = [PhaseKey("x/y/7/2026-11-01", keys[0].phase_id), PhaseKey(keys[0].run_id, "no id"), PhaseKey("a\\b", "c")]
        with database.read() as connection:
            words = RowWords(table).read(connection, [*keys, *strangers])
            assert set(read_keys(connection, table, "FAILED")) == set(keys)
            assert count_by_run(connection, table, PhaseState.FAILED).keys() == {key.run_id for key in keys}
            counts = count_by_run_and_state(connection, table)
            assert [table.read_row_state(connection, key) for key in strangers] == [None, None, None]
        assert {key: set(found) for key, found in words.items()} == {key: {"FAILED"} for key in keys} | {
            key: set() for key in strangers
        }
        assert sum(counts.values()) == len(rows)
        assert {run for run, _ in counts} == {key.run_id for key in keys}


@pytest.mark.parametrize("run", [["a", "b"], {"value": "a/b"}], ids=["list", "fixed"])
def test_ids_that_name_two_rows_are_found(database_url: str, run: object) -> None:
    source = {"columns": {"run_id": run, "phase_id": ["c", "d"], "phase_index": None, "last_failure_reason": None}}
    rows = ["'a', 'b', 'c', 'd', 'FAILED'", "'a', 'b', 'c', 'd', 'DONE'", "'a', 'b', 'c/d', 'x', 'FAILED'"]
    columns = "a VARCHAR(9), b VARCHAR(9), c VARCHAR(9), d VARCHAR(9), state VARCHAR(20)"
    with reflected(database_url, columns, *rows, source=source) as (database, table), database.read() as connection:
        key = PhaseKey("a/b", "c/d")
        assert find_duplicate_ids(connection, table) == (key, 2)
        assert read_ambiguous_ids(connection, table, most=10) == {("a/b", "c/d")}


def fill(url: str, mapped: dict[str, Any], many: int) -> Source:
    """A table whose condition fails for one row in the middle."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    where, bad = CONDITIONS[engine.dialect.name]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE phases (a VARCHAR(9), b INT, c VARCHAR(9), d INT, state VARCHAR(20), note VARCHAR(20))"
        )
        connection.execute(
            sa.text("INSERT INTO phases VALUES (:a, :b, :c, :d, 'FAILED', :note)"),
            [
                {"a": "x/y", "b": number % 3, "c": "z", "d": number, "note": bad if number == many // 2 else "1"}
                for number in range(many)
            ],
        )
    columns = {**mapped, "phase_index": None, "last_failure_reason": None}
    return Source.model_validate({"where": where, "columns": columns})


@pytest.mark.parametrize(
    ("run", "phase", "runs"),
    [(["a", "b"], ["c", "d"], 3), ({"value": "all"}, ["a", "d"], 1), ("b", ["c", "d"], 3)],
    ids=["list", "fixed", "one"],
)
def test_a_row_that_breaks_the_condition_is_named_and_the_others_are_read_and_counted(
    database_url: str, run: object, phase: Sequence[str], runs: int
) -> None:
    many = 250
    with opened(database_url, fill(database_url, {"run_id": run, "phase_id": phase}, many)) as (database, table):
        with database.read() as connection:
            rows = [row for page in table.read_pages(connection, PhaseState.FAILED) for row in page.rows]
        [bad] = [row for row in rows if isinstance(row.reason, Unreadable)]
        assert (len({row[:2] for row in rows}), bad.phase_id.rpartition("/")[2]) == (many, str(many // 2))
        with database.read() as connection:
            counts = count_by_run_and_state(connection, table)
        assert (sum(counts.values()), len(counts)) == (many, runs)
        with database.read() as connection:
            some = rows[0].run_id
            found = [row for page in table.read_pages(connection, PhaseState.FAILED, some) for row in page.rows]
        assert {row.run_id for row in found} == {some}
        assert len(found) == counts[some, "FAILED"]


def test_the_type_of_a_column_decides_whether_it_is_ordered_as_a_number(database_url: str) -> None:
    dialect = sa.make_url(database_url).get_backend_name()
    with reflected(database_url, f"{COLUMNS[dialect]}, state VARCHAR(20)", source=SOURCE) as (_, table):
        numbers = dict(zip("abcden", (*table.run_id.numbers, *table.phase_id.numbers), strict=True))
        assert numbers == {"a": False, "b": True, "c": False, "d": False, "e": True, "n": dialect == "sqlite"}
    one = {"columns": {**SOURCE["columns"], "run_id": "b", "phase_id": "a"}}
    with opened(database_url, Source.model_validate({"table": "odd", **one})) as (_, table):
        assert table.ids.order.run is as_number


def test_a_page_of_rows_has_the_ids_that_each_row_has_by_itself(sqlite_url: str) -> None:
    plain: list[tuple[Any, ...]] = [("a", 1, "d"), ("b", 22, "d")]
    pages: list[list[tuple[Any, ...]]] = [
        plain,
        [*plain, ("a/b", 1, "d")],
        [*plain, ("a\\", 1, "d")],
        [*plain, (None, 1, "d")],
        [*plain, (b"x", 1.5, "")],
        [],
    ]
    source = {"columns": {"run_id": ["a", "b"], "phase_id": "c", "phase_index": None, "last_failure_reason": None}}
    with reflected(sqlite_url, "a, b, c, state", source=source) as (_, table):
        for page in pages:
            rows = [(*row, None, "why") for row in page]
            assert table.ids.fold(rows) == [(*table.ids.names_of(row), None, "why") for row in rows]
        assert [table.ids.run.join(row) for row in [("a", 1), ("a/b", 1), (None, 1), ("a", None), (b"x", 1), ("a", b"x")]] == [
            "a/1", "a\\/b/1", "", "", "", "",
        ]  # fmt: skip


def test_only_a_key_of_no_more_than_the_columns_of_the_ids_says_that_they_are_unique() -> None:
    """Not one that holds for some rows alone, nor for what is computed of them."""
    for keys, unique in (
        ([], False),
        ([sa.UniqueConstraint("a", "b")], True),
        ([sa.UniqueConstraint("a", "b", "d")], False),
        ([sa.PrimaryKeyConstraint("c")], True),
        ([sa.PrimaryKeyConstraint("d")], False),
        ([sa.Index("of_all", "a", "c", unique=True)], True),
        ([sa.Index("of_all", "a", "c")], False),
        ([sa.Index("of_some", "a", "c", unique=True, postgresql_where=sa.text("d = 1"))], False),
        ([sa.Index("of_some", "a", "c", unique=True, sqlite_where=sa.text("d = 1"))], False),
        ([sa.Index("computed", "a", sa.text("lower(c)"), unique=True)], False),
    ):
        columns = [sa.Column(name, sa.Text()) for name in "abcd"]
        found = sa.Table("phases", sa.MetaData(), *columns, *keys)
        mapped = SimpleNamespace(table=found, ids=SimpleNamespace(column_names=frozenset("abc")))
        assert has_unique_ids(cast("Any", mapped)) is unique, keys


def test_ids_of_several_columns_are_ordered_column_by_column_numbers_as_numbers(sqlite_url: str) -> None:
    source = {"columns": {"run_id": ["a", "b"], "phase_id": ["c", "d"], "phase_index": None, "last_failure_reason": None}}
    with reflected(sqlite_url, "a TEXT, b INTEGER, c INTEGER, d TEXT, state TEXT", source=source) as (_, table):
        assert sorted(["b/1", "a/10", "a/9", "10/2"], key=table.ids.order.run) == ["10/2", "a/9", "a/10", "b/1"]
        assert sorted(["10/a", "9/b", "9/a", "1/z"], key=table.ids.order.phase) == ["1/z", "9/a", "9/b", "10/a"]
