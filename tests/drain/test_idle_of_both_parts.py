"""An option is told as idle only if it changes nothing in either part, and the backlogs are read only for those that need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.drain.chain import idle_options
from batchdrain.drain.chain.idle_options import find_idle_in_chain
from batchdrain.drain.project import Project
from batchdrain.planning.filters import Filters
from batchdrain.sessions.session import Kind
from tests.drain.chaining import queue
from tests.support.opened import opened, request_for
from tests.support.workplace import Workplace

WORKERS = frozenset({"--workers"})
COLLECTION = "ImportError: no module named x"


@pytest.fixture
def work(sqlite_project: Workplace) -> Workplace:
    return sqlite_project


@pytest.fixture
def project(work: Workplace) -> Iterator[Project]:
    with opened(work) as found:
        yield found


def told(project: Project, flags: frozenset[str] = frozenset(), **filters: Any) -> list[str]:
    requests = {
        kind: request_for(project, kind, filters=Filters(**filters), flags=flags) for kind in (Kind.QUEUED, Kind.FAILED)
    }
    return find_idle_in_chain(project, requests)


def idle(project: Project, flags: frozenset[str] = frozenset(), **filters: Any) -> list[str]:
    """Without what follows the option in each line."""
    return [line.split(":")[0] for line in told(project, flags, **filters)]


def test_a_run_is_idle_only_if_it_has_phases_for_neither_part(work: Workplace, project: Project) -> None:
    queue(work, "q/p")
    work.fail("f/p")
    work.add(("done", "p", 0, "COMPLETE", None))
    found = {name: (idle(project, run_id=name), idle(project, exclude_runs=(name,))) for name in ("q", "f", "done")}
    assert found == {"q": ([], []), "f": ([], []), "done": (["--run-id=done"], ["--exclude-run=done"])}
    assert told(project, run_id="done") == ["--run-id=done: is a run without queued or failed phases"]


@pytest.mark.parametrize("in_part", [Kind.QUEUED, Kind.FAILED])
def test_a_category_is_idle_only_if_it_is_in_neither_part(work: Workplace, project: Project, in_part: Kind) -> None:
    work.add(("r", "p", 0, in_part.value.upper(), COLLECTION))
    assert idle(project, categories=frozenset({"collection"})) == []
    line = "--category=timeout: no queued or failed phase has this category; there are collection"
    assert told(project, categories=frozenset({"timeout"})) == [line]


def test_where_nothing_waits_no_category_is_idle(project: Project) -> None:
    assert idle(project, categories=frozenset({"timeout"})) == []


@pytest.mark.parametrize("many", [Kind.QUEUED, Kind.FAILED])
def test_workers_are_idle_beyond_the_part_with_the_most_runs(work: Workplace, many: Kind) -> None:
    rows = [(f"r{n}", "p", 0, many.value.upper(), None) for n in range(3)]
    few = ({*Kind} - {many}).pop()
    work.add(*rows, ("other", "p", 0, few.value.upper(), None))
    for workers, lines in ((3, list[str]()), (4, ["--workers=4"])):
        with opened(work, workers=workers) as project:
            assert idle(project, WORKERS) == lines
            assert idle(project) == [], "only what was asked for is told"


def test_runs_that_wait_for_others_count_as_the_chain_may_get_to_them(work: Workplace) -> None:
    queue(work, "a/q")
    work.fail("a/f", "b/f", "c/f", reason=COLLECTION)
    waits = [{"run": "b", "after": ["a"]}, {"run": "c", "after": ["b"]}]
    with opened(work, workers=3, depends_on=waits, stop={"skip_runs_with_queued": True}) as project:
        assert idle(project, WORKERS, categories=frozenset({"collection"})) == []


def test_backlogs_and_runs_are_read_only_for_options_that_need_them(
    work: Workplace, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    work.fail("f/p")

    def refuse(*_: object) -> Any:
        raise AssertionError("it was read")

    store = type(project.store)
    with monkeypatch.context() as patch:
        patch.setattr(idle_options, "backlog_for", refuse)
        patch.setattr(store, "read_run_counts", refuse)
        assert idle(project) == []
    monkeypatch.setattr(store, "read_run_counts", refuse)
    assert idle(project, WORKERS) == []
