"""What a state column holds is told where the mapped words can't stand in it."""

from __future__ import annotations

import pytest

from batchdrain.cli.commands.doctor.held_values import tell_values
from batchdrain.config.load import load
from batchdrain.database.connection import Database
from tests.support.workplace import Workplace


def told(place: Workplace, **source: object) -> list[tuple[str, str, str, str]]:
    found = tell_values(load({"source": source}, {}), place.url)
    return [(one.check, one.verdict, one.message, one.cure) for one in found]


def test_its_values_are_told_with_their_rows(sqlite_project: Workplace, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = list[Database]()
    close = Database.close

    def closing(database: Database) -> None:
        closed.append(database)
        close(database)

    monkeypatch.setattr(Database, "close", closing)
    sqlite_project.sql("CREATE TABLE jobs (id INTEGER PRIMARY KEY, status INTEGER, note TEXT)")
    assert told(sqlite_project, table="jobs", columns={"state": "status"}) == [], "it has no rows"
    sqlite_project.sql("INSERT INTO jobs (status) VALUES (4), (0), (4), (NULL)")
    assert told(sqlite_project, table="jobs", columns={"state": "status"}) == [
        ("states", "fail", "column 'status' holds 0 (1 row), 4 (2 rows), NULL (1 row)", "map them in batchdrain.source.states"),
    ]  # fmt: skip
    assert told(sqlite_project, table="jobs", columns={"state": "nope"}) == []
    assert told(sqlite_project, table="nope", columns={"state": "status"}) == []
    assert len(closed) == 4, "whatever was found"
