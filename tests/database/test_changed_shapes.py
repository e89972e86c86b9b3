"""What is told of a table that was altered while it is in use, and whether its statements can still be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.phases.change import Change, find_change
from batchdrain.database.phases.table import PhaseTable
from tests.support.workplace import Workplace

TABLE = (
    "CREATE TABLE phases (run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INTEGER, state VARCHAR(20), "
    "last_failure_reason VARCHAR(90), more VARCHAR(9))"
)
RENAME = "ALTER TABLE phases RENAME COLUMN {} TO {}"
RETYPE = "ALTER TABLE phases ALTER COLUMN {} TYPE {} USING NULL"


def changed(place: Workplace, *statements: str, failed: bool = False) -> tuple[str, bool] | None:
    place.sql(TABLE)
    database = open_database(place.url)
    try:
        table = PhaseTable.reflect(database, Source())
        for statement in statements:
            place.sql(statement)
        with database.read() as connection:
            found: Change | None = find_change(connection, table, failed=failed)
    finally:
        database.close()
    return None if found is None else (found.message, found.is_fatal)


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Workplace:
    return Workplace(root=tmp_path, url=database_url)


@pytest.fixture
def postgresql(tmp_path: Path, postgresql_url: str) -> Workplace:
    return Workplace(root=tmp_path, url=postgresql_url)


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (("ALTER TABLE phases RENAME TO former",), "table 'phases' is gone: it was dropped or renamed"),
        (("DROP TABLE phases",), "table 'phases' is gone: it was dropped or renamed"),
        (("ALTER TABLE phases DROP COLUMN state",), "table 'phases': column 'state' is gone"),
        ((RENAME.format("state", "status"),), "table 'phases': column 'state' is gone, and 'status' new"),
        (
            (RENAME.format("run_id", "build"), RENAME.format("state", "status")),
            "table 'phases': columns 'run_id', 'state' are gone, and 'build', 'status' new",
        ),
        (
            ("ALTER TABLE phases RENAME TO former", "CREATE VIEW phases AS SELECT * FROM former"),
            "'phases' is a view now, and was a table",
        ),
        (("ALTER TABLE phases ADD another INTEGER",), None),
        ((), None),
    ],
)
def test_a_table_that_lacks_what_is_used_of_it_is_told_with_what_came_instead(
    place: Workplace, statements: tuple[str, ...], told: str | None
) -> None:
    assert changed(place, *statements) == (None if told is None else (told, True))


@pytest.mark.parametrize("failed", [False, True])
def test_a_column_that_nobody_mapped_matters_only_where_a_statement_failed(
    sqlite_project: Workplace, *, failed: bool
) -> None:
    """A condition may have named it."""
    sqlite_project.sql("DROP TABLE phases")
    found = changed(sqlite_project, "ALTER TABLE phases DROP COLUMN more", failed=failed)
    assert found == (("table 'phases': column 'more' is gone", True) if failed else None)


@pytest.mark.parametrize(
    ("column", "kind", "told", "is_fatal"),
    [
        ("state", "VARCHAR(99)", "is character varying(99) now, and was character varying(20)", False),
        ("phase_index", "BIGINT", "is bigint now, and was integer", False),
        ("state", "INTEGER", "is integer now, and was character varying(20)", True),
        ("run_id", "UUID", "is uuid now, and was character varying(20)", True),
        ("more", "INTEGER", None, False),
    ],
)
def test_a_column_of_another_type_is_told_and_ends_the_drain_only_where_its_values_compare_otherwise(
    postgresql: Workplace, column: str, kind: str, told: str | None, *, is_fatal: bool
) -> None:
    found = changed(postgresql, RETYPE.format(column, kind))
    assert found == (None if told is None else (f"table 'phases': column {column!r} {told}", is_fatal))


def test_of_several_columns_of_other_types_each_is_told_and_one_is_enough_to_end_the_drain(postgresql: Workplace) -> None:
    found = changed(postgresql, RETYPE.format("phase_index", "BIGINT"), RETYPE.format("state", "INTEGER"))
    assert found is not None
    assert sorted(found[0].removeprefix("table 'phases': ").split(" and column")) == [
        " 'state' is integer now, and was character varying(20)", "column 'phase_index' is bigint now, and was integer",
    ]  # fmt: skip
    assert found[1]
