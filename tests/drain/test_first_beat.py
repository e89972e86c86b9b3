"""A session that has just begun is seen at once: it is starting, and its first beat does not wait for its turn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from batchdrain.drain.observer import Observer
from batchdrain.model.retry_stats import RetryCount
from batchdrain.reports.status_view import render_status, to_fields
from tests.drain.test_from_elsewhere import at_work, let_go, shown
from tests.reports.test_status_view import NOW, row
from tests.support.workplace import Workplace, ended, wait_for

SELDOM = {"ttl_s": 9000, "beat_s": 3600, "margin_s": 1}


@pytest.mark.everyday("sqlite")
def test_what_runs_first_is_shown_long_before_the_second_beat(project: Workplace) -> None:
    drain, _ = at_work(project, "b/q", lease=SELDOM)
    wait_for(
        lambda: [slot["run_id"] for one in shown(project) for slot in one["slots"]] == ["a"], "the first phase to be shown"
    )
    assert [one["is_starting"] for one in shown(project)] == [False]
    let_go(project)
    assert ended(drain)[0] == 0


@pytest.mark.parametrize(("alive", "word"), [(True, "starting"), (False, "died")])
def test_until_then_it_is_starting_unless_it_is_dead(alive: bool, word: str) -> None:
    fields = to_fields(row(starting=True), alive)
    first, *_, last = render_status([fields], NOW)
    assert (fields["is_starting"], first.split("  ")[1].split(" on ")[0], last.split()[0]) == (alive, word, word)
    assert to_fields(row(), alive)["is_starting"] is False


def test_the_eta_of_a_drain_in_a_group_counts_the_workers_of_all_of_it() -> None:
    counts = SimpleNamespace(places={}, attempts=4, attempts_s=40.0, waiting=0)
    settings = SimpleNamespace(workers=1, command=SimpleNamespace(runs_per_minute=0))
    observer = cast("Any", object.__new__(Observer))
    observer._it = SimpleNamespace(record=SimpleNamespace(counts=counts), request=SimpleNamespace(settings=settings))
    observer._services = SimpleNamespace(breaker=SimpleNamespace(is_open=False), pace=SimpleNamespace(due=0.0))
    observer._chooser = SimpleNamespace(retries_due=[])
    observer._stops = SimpleNamespace(progress=SimpleNamespace(elapsed_s=0.0), is_paused=False)
    observer._budget = SimpleNamespace(left_s=lambda _: float("inf"))
    observer._interval_s, observer._before_it = 0.0, RetryCount()
    observer._services.limits = SimpleNamespace(known_s=[])
    workers = [
        observer._remaining([], 12, SimpleNamespace(others_workers=others), is_ending=False).workers for others in (0, 3)
    ]
    assert workers == [1, 4]
