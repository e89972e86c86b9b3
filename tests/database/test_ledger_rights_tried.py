"""Each right on batchdrain's own tables is looked for where it is needed: a SQLite that refuses one at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from batchdrain.config.settings import Source
from batchdrain.database.connection import Database, open_database
from batchdrain.database.ledger.rights import LedgerRights, try_rights
from batchdrain.database.ledger.schema import Ledger
from batchdrain.database.phases.table import PhaseTable
from tests.support.workplace import Workplace

LEDGER = ("meta", "claim", "attempt", "attempt_sum", "chain", "group")
ACTIONS = {"insert": sqlite3.SQLITE_INSERT, "update": sqlite3.SQLITE_UPDATE, "delete": sqlite3.SQLITE_DELETE}
OF_PRUNE = {
    ("attempt", "delete"),
    ("attempt_sum", "insert"),
    ("attempt_sum", "update"),
    ("chain", "delete"),
    ("group", "delete"),
}
OF_GROUPS = {("group", "insert"), ("group", "update")}
OF_NOBODY = {("claim", "delete"), ("attempt_sum", "delete")}


@pytest.fixture
def database(sqlite_project: Workplace) -> Iterator[Database]:
    opened = open_database(sqlite_project.url)
    yield opened
    opened.close()


def refuse(database: Database, action: int, table: str) -> None:
    def decide(asked: int, first: str | None, *_: object) -> int:
        return sqlite3.SQLITE_DENY if (asked, first) == (action, table) else sqlite3.SQLITE_OK

    def begin(connection: Any, *_: object) -> None:
        connection.set_authorizer(decide)

    database.engine.dispose()
    sa.event.listen(database.engine, "connect", begin)


def ledger_of(database: Database, *, is_made: bool) -> Ledger:
    ledger = Ledger.of(PhaseTable.reflect(database, Source()))
    if is_made:
        database.prepare_for_writing()
        ledger.create(database)
    return ledger


@pytest.mark.parametrize("is_made", [True, False], ids=["made", "to be made"])
@pytest.mark.parametrize("kind", ACTIONS)
@pytest.mark.parametrize("table", LEDGER)
def test_a_right_is_missed_by_whoever_needs_it_and_by_nobody_else(
    database: Database, table: str, kind: str, is_made: bool
) -> None:
    ledger = ledger_of(database, is_made=is_made)
    refuse(database, ACTIONS[kind], f"batchdrain_{table}")

    found = try_rights(database, ledger)

    one = (table, kind)
    where = "of_prune" if one in OF_PRUNE else "of_groups" if one in OF_GROUPS else "" if one in OF_NOBODY else "of_drain"
    lines = {name: getattr(found, name) for name in ("of_drain", "of_prune", "of_groups")}
    said = f"batchdrain_{table} can't be written ({kind}): not authorized"
    assert lines == {name: [said] if name == where else [] for name in lines}
    assert (found.are_there, found.creation, found.untried) == (is_made, None, "")


def test_tables_that_may_not_be_made_are_told_as_that_alone(database: Database) -> None:
    ledger = ledger_of(database, is_made=False)
    refuse(database, sqlite3.SQLITE_CREATE_TABLE, "batchdrain_claim")
    assert try_rights(database, ledger) == LedgerRights(creation="not authorized")


@pytest.mark.parametrize("action", [sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_ALTER_TABLE], ids=["create", "alter"])
def test_tables_of_an_earlier_version_that_may_not_be_made_newest_are_told(database: Database, action: int) -> None:
    ledger = Ledger.of(PhaseTable.reflect(database, Source()), 3)
    database.prepare_for_writing()
    ledger.create(database)
    assert try_rights(database, ledger) == LedgerRights(are_there=True)
    database.engine.dispose()

    def decide(asked: int, *_: object) -> int:
        return sqlite3.SQLITE_DENY if asked == action else sqlite3.SQLITE_OK

    sa.event.listen(database.engine, "connect", lambda connection, _: connection.set_authorizer(decide))
    assert try_rights(database, ledger) == LedgerRights(are_there=True, migration="not authorized")
    assert Ledger.find(database, PhaseTable.reflect(database, Source())).version == 3


@pytest.mark.parametrize("is_made", [True, False])
def test_nothing_of_the_try_stays(sqlite_project: Workplace, database: Database, is_made: bool) -> None:
    ledger = ledger_of(database, is_made=is_made)
    tables = "SELECT name FROM sqlite_master ORDER BY name"
    before = sqlite_project.sql(tables)
    assert try_rights(database, ledger) == LedgerRights(are_there=is_made)
    assert sqlite_project.sql(tables) == before
    counts = [sqlite_project.sql(f"SELECT count(*) FROM batchdrain_{name}") for name in LEDGER if is_made and name != "meta"]
    assert counts == [[(0,)]] * len(counts)


@pytest.mark.parametrize("kind", ["update", "delete"])
def test_a_row_is_changed_and_taken_away_that_is_there(sqlite_project: Workplace, database: Database, kind: str) -> None:
    """What refuses rows, as a trigger does, refuses no statement that meets none."""
    ledger = ledger_of(database, is_made=True)
    trigger = "CREATE TRIGGER t BEFORE {} ON batchdrain_meta BEGIN SELECT RAISE(ABORT, 'not so'); END"
    sqlite_project.sql(trigger.format(kind))
    assert try_rights(database, ledger).of_drain == [f"batchdrain_meta can't be written ({kind}): not so"]
