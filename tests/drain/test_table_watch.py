"""A drain watches whether its table is still the one for which it was made."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.database.phases.change import Change
from batchdrain.drain import table_watch as room
from batchdrain.drain.project import Project
from batchdrain.drain.table_watch import SchemaChanged, TableWatch
from batchdrain.model.errors import BadData, BatchDrainError, ConfigError, DatabaseUnavailable
from tests.support.opened import opened
from tests.support.workplace import Workplace

HARMLESS, FATAL = Change(message="table 'x' was replaced", is_fatal=False), Change(message="table 'x' is gone", is_fatal=True)
UNKNOWN_COLUMN = ConfigError("no such column", remedy="x")


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail("r/p")
    with opened(sqlite_project) as found:
        yield found


class Watched:
    """A watch, and what its next looks find; an exception is raised."""

    def __init__(self, project: Project, patch: pytest.MonkeyPatch, *found: Change | Exception | None) -> None:
        self.found, self.asked, self.told = list(found), list[bool](), list[str]()
        self.watch = TableWatch(project.store, self.told.append)

        def find(_: object, table: object, *, failed: bool) -> Change | None:
            assert table is project.store.table
            self.asked.append(failed)
            now = self.found.pop(0)
            if isinstance(now, Exception):
                raise now
            return now

        patch.setattr(room, "find_change", find)


def test_a_change_that_harms_nothing_is_told_once_and_another_one_too(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Change(message="column 'a' is text now", is_fatal=False)
    it = Watched(project, monkeypatch, HARMLESS, HARMLESS, None, other, other)
    for _ in range(5):
        it.watch.look()
    assert it.told == [f"While the drain ran, {change.message}; the drain continues" for change in (HARMLESS, other)]
    assert it.asked == [False] * 5


def test_a_change_after_which_no_statement_can_be_trusted_is_an_error_with_its_cure(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = Watched(project, monkeypatch, FATAL)
    with pytest.raises(SchemaChanged) as found:
        it.watch.look()
    assert found.value.message == "while the drain ran, table 'x' is gone"
    assert "then run `inv resume`" in str(found.value.remedy)
    assert it.told == []


@pytest.mark.parametrize("error", [UNKNOWN_COLUMN, BadData("two rows", remedy="x")], ids=["a setting", "bad data"])
def test_an_error_behind_a_changed_table_is_the_change_and_else_itself(
    project: Project, monkeypatch: pytest.MonkeyPatch, error: BatchDrainError
) -> None:
    it = Watched(project, monkeypatch, FATAL, HARMLESS, None, DatabaseUnavailable("away", remedy="wait"))
    change = it.watch.explain(error)
    assert isinstance(change, SchemaChanged)
    assert [it.watch.explain(error) for _ in range(3)] == [error] * 3
    assert it.asked == [True] * 4, "a statement has just failed, so that any column matters"


@pytest.mark.parametrize(
    "error", [SchemaChanged("changed", remedy="x"), DatabaseUnavailable("away", remedy="wait")], ids=["known", "away"]
)
def test_what_no_change_can_explain_is_not_looked_into(
    project: Project, monkeypatch: pytest.MonkeyPatch, error: BatchDrainError
) -> None:
    it = Watched(project, monkeypatch)
    assert it.watch.explain(error) is error
    assert it.asked == []


def test_a_column_that_is_dropped_is_found_by_a_look_and_by_an_error(sqlite_project: Workplace, project: Project) -> None:
    told: Any = []
    watch = TableWatch(project.store, told.append)
    watch.look()
    assert watch.explain(UNKNOWN_COLUMN) is UNKNOWN_COLUMN
    sqlite_project.sql("ALTER TABLE phases DROP COLUMN note")
    watch.look()
    found = watch.explain(UNKNOWN_COLUMN)
    assert isinstance(found, SchemaChanged)
    assert "column 'note' is gone" in found.message
    sqlite_project.sql("ALTER TABLE phases DROP COLUMN last_failure_reason")
    with pytest.raises(SchemaChanged, match="'last_failure_reason'"):
        watch.look()
    assert told == []
