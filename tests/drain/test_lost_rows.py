"""Rows that were chosen and not found again: one that somebody deleted is no fault, one that stands there still is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.drain.lost_rows import LostRows
from batchdrain.drain.project import Project
from batchdrain.model.errors import BadData
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.filters import Filters
from tests.support.opened import EVERYTHING, opened, request_for
from tests.support.workplace import Workplace


@pytest.fixture
def project(sqlite_project: Workplace) -> Iterator[Project]:
    sqlite_project.fail("a/1", "a/2", "a/10", "a/3", "b/1")
    sqlite_project.add(("a", "done", 0, "COMPLETE", None))
    with opened(sqlite_project) as found:
        yield found


def told(project: Project, lost: Collection[str], *, executed: int = 0, filters: Filters = EVERYTHING) -> BadData | None:
    outage: Any = SimpleNamespace(retry=lambda look, meanwhile: look())
    keys = {PhaseKey(*name.split("/")) for name in lost}
    return LostRows(project.store, request_for(project, filters=filters), keys, outage).to_failure(executed=executed)


@pytest.mark.parametrize("executed", [0, 3])
@pytest.mark.parametrize(
    ("lost", "says"),
    [
        ({"b/1"}, "1 row was not found again by its ids: b / 1"),
        ({"a/2", "a/1"}, "2 rows were not found again by their ids: a / 1, a / 2"),
        ({"a/3", "a/10", "b/1", "a/2", "a/1"}, "5 rows were not found again by their ids: a / 1, a / 10, a / 2"),
        ({"b/1", "b/deleted", "a/done"}, "1 row was not found again by its ids: b / 1"),
    ],
    ids=["one", "two", "more than are shown", "beside some that are gone"],
)
def test_rows_that_stand_there_still_are_told_whatever_was_executed(
    project: Project, lost: set[str], says: str, executed: int
) -> None:
    found = told(project, lost, executed=executed)
    assert found is not None
    assert found.message == says
    assert found.remedy.startswith("map ids that keep their values")


@pytest.mark.parametrize(
    ("lost", "executed", "is_told"),
    [
        ([], 0, False),
        (["x"] * 1, 0, True),
        (["x"] * 5, 0, True),
        (["x"] * 6, 0, False),
        (["x"] * 1, 1, False),
        (["x"] * 6, 1, False),
    ],
)
def test_of_rows_that_are_gone_it_is_told_where_nothing_was_executed_and_the_backlog_is_no_smaller(
    project: Project, lost: list[str], executed: int, is_told: bool
) -> None:
    """Ids that change with each look: five rows stand there, and none of those that were chosen."""
    names = [f"{name}/{number}" for number, name in enumerate(lost)]
    found = told(project, names, executed=executed)
    assert (found is not None) is is_told
    assert found is None or found.message.startswith(f"{len(names)} row")


def test_the_backlog_is_that_of_the_session_s_own_runs(project: Project) -> None:
    only_b = Filters.of(run_id="b", run_id_is_glob=False)
    assert told(project, {"b/x"}, filters=only_b) is not None
    assert told(project, {"b/x", "b/y"}, filters=only_b) is None
