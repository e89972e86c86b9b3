"""Columns that a table can't be drained by as they are mapped: each is told with its setting; and which keys a table declares."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.phases import checks
from batchdrain.database.phases.checks import (
    describe_lost,
    find_keys,
    find_lost_row,
    find_unfit_columns,
    find_unwritable_view,
    require_condition,
    require_words_of_numbers,
)
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import PhaseState
from tests.support.workplace import Workplace

OURS = "run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INTEGER, state {}, last_failure_reason {}"


@contextmanager
def mapped(url: str, **source: Any) -> Iterator[tuple[Database, PhaseTable]]:
    database = open_database(url)
    try:
        yield database, PhaseTable.reflect(database, Source.model_validate(source))
    finally:
        database.close()


@pytest.fixture
def place(tmp_path: Path) -> Workplace:
    """A file of SQLite without a table."""
    return Workplace(root=tmp_path, url=f"sqlite:///{tmp_path}/b.db")


@pytest.fixture
def postgresql(tmp_path: Path, postgresql_url: str) -> Workplace:
    return Workplace(root=tmp_path, url=postgresql_url)


PATH = (
    ": column 'last_failure_reason' holds jsonb, not text; say where its text is "
    "({column: last_failure_reason, path: error.message}), or null for none"
)
NUMBERS = {"failed": "0", "complete": "1", "queued": "2", "executing": "3"}


@pytest.mark.parametrize(
    ("kind", "values", "states", "is_told"),
    [
        ("INTEGER", "(0), (1)", {}, True),
        ("INTEGER", "(0), (NULL)", {}, True),
        ("BOOLEAN", "(0)", {}, True),
        ("INTEGER", "(NULL)", {}, False),
        ("INTEGER", "(0), ('FAILED')", {}, False),
        ("INTEGER", "(0), (1.5)", {}, False),
        ("INTEGER", "(0)", NUMBERS, False),
        ("INTEGER", "(0)", {"failed": "0"}, False),
        ("VARCHAR(9)", "(0)", {}, False),
        ("REAL", "(0)", {}, False),
    ],
)
def test_words_that_are_texts_are_told_where_the_rows_have_only_whole_numbers(
    place: Workplace, kind: str, values: str, states: dict[str, Any], *, is_told: bool
) -> None:
    place.sql(f"CREATE TABLE phases ({OURS.format(kind, 'TEXT')})")
    place.sql(f"INSERT INTO phases (state) VALUES {values}")
    with mapped(place.url, states=states) as (database, table), database.read() as connection:
        if not is_told:
            require_words_of_numbers(connection, table)
            return
        with pytest.raises(ConfigError) as told:
            require_words_of_numbers(connection, table)
    for state in ("failed", "complete", "queued", "executing"):
        assert f"batchdrain.source.states.{state}: '{state.upper()}' is no value of the " in str(told.value)


@pytest.mark.parametrize(
    ("kind", "reason", "told"),
    [
        ("TEXT", "last_failure_reason", None),
        ("JSONB", {"column": "last_failure_reason", "path": "a"}, None),
        ("TEXT", None, None),
        ("JSONB", "last_failure_reason", PATH),
        ("INTEGER", "last_failure_reason", ": column 'last_failure_reason' holds integer, not text; map a text column, or null for none"),
        ("JSONB", {"column": "last_failure_reason", "path": "a", "write": "number"},
         ".write: column 'number' holds integer, not text; map a text column, or null for none"),
        ("JSONB", {"column": "last_failure_reason", "path": "a", "write": "note"}, None),
    ],
)  # fmt: skip
def test_a_column_that_holds_no_reason_is_told_with_what_to_map(
    postgresql: Workplace, kind: str, reason: Any, told: str | None
) -> None:
    postgresql.sql(f"CREATE TABLE phases ({OURS.format('VARCHAR(20)', kind)}, number INTEGER, note TEXT)")
    with mapped(postgresql.url, columns={"last_failure_reason": reason}) as (database, table):
        found = find_unfit_columns(database, table)
    assert found == ([] if told is None else [f"batchdrain.source.columns.last_failure_reason{told}"])


def test_a_column_of_times_that_can_not_take_one_is_told_too(postgresql: Workplace) -> None:
    postgresql.sql(f"CREATE TABLE phases ({OURS.format('VARCHAR(20)', 'TEXT')}, changed DATE)")
    with mapped(postgresql.url, columns={"updated_at": "changed"}) as (database, table):
        [told] = find_unfit_columns(database, table)
    assert "batchdrain.source.columns.updated_at" in told


def test_the_keys_of_a_table_are_those_that_hold_for_all_of_its_rows(place: Workplace) -> None:
    place.sql("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c TEXT, d TEXT, e TEXT, f TEXT, UNIQUE (b, c))")
    for index in ("UNIQUE INDEX one ON t (d)", "UNIQUE INDEX some ON t (e) WHERE e > 'x'", "UNIQUE INDEX low ON t (lower(f))",
                  "INDEX plain ON t (c)"):  # fmt: skip
        place.sql(f"CREATE {index}")
    place.sql("CREATE VIEW v AS SELECT * FROM t")
    place.sql("CREATE TABLE bare (a INTEGER)")
    with place.engine.connect() as connection:
        found = find_keys(connection, None, "t")
        assert [{"a"}, {"b", "c"}, {"d"}] == sorted({tuple(sorted(key)): key for key in found}.values(), key=sorted)
        assert [find_keys(connection, None, name) for name in ("v", "bare")] == [[set()], [set()]]


def test_no_key_reaches_the_rows_of_heirs(postgresql: Workplace) -> None:
    postgresql.sql("CREATE TABLE parent (a INTEGER PRIMARY KEY); CREATE TABLE lone (a INTEGER PRIMARY KEY, b INTEGER UNIQUE)")
    postgresql.sql("CREATE TABLE child () INHERITS (parent)")
    with postgresql.engine.connect() as connection:
        assert find_keys(connection, None, "parent") == []
        assert {tuple(key) for key in find_keys(connection, None, "lone")} == {("a",), ("b",)}


@pytest.mark.parametrize(
    ("where", "is_told"), [("", False), ("phase_index > 0", False), ("nothing > 0", True), ("phase_index >", True)]
)
def test_a_condition_that_is_no_sql_is_told_with_its_setting_and_any_other_error_is_not(
    place: Workplace, where: str, *, is_told: bool
) -> None:
    place.sql(f"CREATE TABLE phases ({OURS.format('TEXT', 'TEXT')})")
    with mapped(place.url, where=where) as (database, table):
        if is_told:
            with pytest.raises(ConfigError, match=r"^batchdrain\.source\.where: ") as told:
                require_condition(database, table)
            assert told.value.remedy == "correct the condition: it is SQL on the columns of the table"
        else:
            require_condition(database, table)
        place.sql("DROP TABLE phases")
        if not where:
            require_condition(database, table)
            return
        with pytest.raises(ConfigError) as other:
            require_condition(database, table)
    assert "batchdrain.source.where" not in str(other.value)


def test_a_view_that_takes_no_results_and_a_row_that_is_lost_are_told_with_the_way_out() -> None:
    sound, other = (
        SimpleNamespace(source=SimpleNamespace(table="v"), writability=SimpleNamespace(problem=one)) for one in ("", "is x")
    )
    assert find_unwritable_view(sound) == []  # type: ignore[arg-type]
    assert find_unwritable_view(other) == [  # type: ignore[arg-type]
        "batchdrain.source.table: 'v' is x; map the table behind it, or let the command set the state (command.result_from: database)"
    ]
    lost = describe_lost(sound, PhaseKey("r", "p"))  # type: ignore[arg-type]
    assert lost.startswith("r / p: the row of table 'v' is not found again by its ids, though it was just read; map ids that")


@pytest.mark.parametrize(
    ("reads", "is_there", "is_told"),
    [
        ([["a"], ["a"]], False, True),
        ([["a"], ["a"]], True, False),
        ([["a"], ["b"]], False, False),
        ([["a"], []], False, False),
        ([[], []], False, False),
    ],
    ids=["lost", "found", "another now", "gone now", "no row"],
)
def test_a_row_is_lost_only_where_it_is_read_again_and_never_found_by_its_ids(
    monkeypatch: pytest.MonkeyPatch, reads: list[list[str]], *, is_there: bool, is_told: bool
) -> None:
    """It may have been taken by somebody else meanwhile."""
    left, asked = [[PhaseKey("r", name) for name in names] for names in reads], list[object]()

    def find(connection: object, table: object, state: PhaseState, most: int) -> list[PhaseKey]:
        asked.append((state, most))
        return left.pop(0)

    monkeypatch.setattr(checks, "find_some_in", find)
    table: Any = SimpleNamespace(
        source=SimpleNamespace(table="t"), read_row_state=lambda _, key: "there" if is_there and key.run_id == "r" else None
    )
    database: Any = SimpleNamespace(read=nullcontext)
    found = find_lost_row(database, table, PhaseState.QUEUED)
    assert found == (describe_lost(table, PhaseKey("r", "a")) if is_told else None)
    assert set(asked) == {(PhaseState.QUEUED, 1)}
