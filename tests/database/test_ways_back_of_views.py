"""What a view would keep in the state in which a command left it: tried on a row, rolled back, and told with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdrain.config.settings import Source
from batchdrain.database.connection import open_database
from batchdrain.database.phases.dry_give_back import find_ways_back_blocked
from batchdrain.database.phases.relation import Relation
from batchdrain.database.phases.table import PhaseTable
from tests.support.workplace import Workplace

TABLE = (
    "CREATE TABLE behind (run_id VARCHAR(20), phase_id VARCHAR(20), phase_index INTEGER, state VARCHAR(20), "
    "last_failure_reason VARCHAR(90))"
)
VIEW = "CREATE VIEW phases AS SELECT * FROM behind"
CHECKED = f"{VIEW} WHERE state <> 'EXECUTING' WITH CHECK OPTION"
ALL_FAILED = (
    "CREATE FUNCTION stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.state := 'FAILED'; RETURN NEW; END $$",
    "CREATE TRIGGER stays BEFORE UPDATE ON behind FOR EACH ROW EXECUTE FUNCTION stays()",
)


def blocked(
    place: Workplace, *statements: str, relation: Relation = Relation.VIEW, rows: str = "('r', 'p', 0, 'FAILED', 'x')"
) -> list[str]:
    for statement in (TABLE, *statements):
        place.sql(statement)
    if rows:
        place.sql(f"INSERT INTO behind VALUES {rows}")
    before = place.sql("SELECT * FROM behind")
    database = open_database(place.url)
    try:
        found = find_ways_back_blocked(database, PhaseTable.reflect(database, Source()), relation)
    finally:
        database.close()
    assert place.sql("SELECT * FROM behind") == before
    return found


@pytest.fixture
def place(tmp_path: Path, postgresql_url: str) -> Workplace:
    return Workplace(root=tmp_path, url=postgresql_url)


@pytest.mark.parametrize("state", ["FAILED", "QUEUED"])
@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ((VIEW,), None),
        ((f"{VIEW} WHERE state <> 'EXECUTING'",), "it does not show a phase that is EXECUTING"),
        ((CHECKED,), 'new row violates check option for view "phases"'),
    ],
    ids=["all", "not shown", "refused"],
)
def test_a_view_that_does_not_let_a_phase_back_is_told_with_what_comes_of_it(
    place: Workplace, statements: tuple[str, ...], told: str | None, state: str
) -> None:
    found = blocked(place, *statements, rows=f"('r', 'p', 0, '{state}', 'x')")
    assert len(found) == (told is not None)
    assert told is None or told in found[0]


def test_a_state_that_a_trigger_does_not_let_be_written_is_told(place: Workplace) -> None:
    assert blocked(place, VIEW, *ALL_FAILED) == ["the state does not become EXECUTING"]


def test_without_a_row_that_waits_and_without_a_view_nothing_is_tried(place: Workplace) -> None:
    assert blocked(place, CHECKED, rows="") == []
    place.sql("DROP VIEW phases; DROP TABLE behind")
    assert blocked(place, CHECKED, relation=Relation.TABLE) == []
    place.sql("DROP VIEW phases; DROP TABLE behind")
    assert blocked(place, CHECKED, rows="('r', 'p', 0, 'COMPLETE', 'x')") == []


def test_a_view_that_takes_no_update_is_told_as_it_is(place: Workplace) -> None:
    [told] = blocked(place, f"{VIEW} UNION SELECT * FROM behind")
    assert told.startswith("it is a view that can't be updated")


@pytest.mark.parametrize(("view", "is_told"), [(VIEW, False), (CHECKED, True)])
def test_on_mariadb_a_check_option_is_told_and_nothing_is_tried(
    tmp_path: Path, mariadb_url: str, view: str, *, is_told: bool
) -> None:
    """What is behind a view may keep what is rolled back."""
    told = ["its CHECK OPTION may refuse what its condition does not hold for"]
    assert blocked(Workplace(root=tmp_path, url=mariadb_url), view) == (told if is_told else [])
