"""Failures that look the same, counted: of which runs, how many are asked for, accepted and tried, and which example is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batchdrain.database.phases.pages import Page, Row
from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import cluster_id_of, fingerprint
from batchdrain.model.failure import Failure
from batchdrain.model.retry_stats import RetryCount
from batchdrain.planning.acceptances import Acceptance, Acceptances, Subject
from batchdrain.planning.cluster_counts import Cluster, cluster_counts

BOOM, LOST = "boom in job 17", "connection reset by peer"


def row(run_id: str, phase_id: str, reason: Any = BOOM) -> Row:
    return Row(run_id=run_id, phase_id=phase_id, phase_index=0, reason=reason)


ROWS = [row("b", "1"), row("a", "2"), row("a", "1", "boom in job 99"), row("c", "1", LOST), row("c", "2", None)]


def counted(*rows: Row, a_page: int = 2, retries: dict[str, RetryCount] | None = None, **facts: Any) -> list[Cluster]:
    found = rows or tuple(ROWS)
    pages = [Page.of(found[place : place + a_page]) for place in range(0, len(found), a_page)]
    return cluster_counts(pages, categorise, lambda text: text.replace("hunter2", "***"), retries or {}, **facts)


def facts(cluster: Cluster, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(cluster, name) for name in names)


COUNTS = ("count", "runs", "all_count", "all_runs")


@pytest.mark.parametrize("a_page", [1, 2, 5])
def test_the_most_frequent_failure_comes_first_whatever_pages_its_rows_came_in(a_page: int) -> None:
    found = counted(a_page=a_page)
    assert [facts(one, "category", *COUNTS) for one in found] == [
        ("other", 3, 2, 3, 2), ("unknown", 1, 1, 1, 1), ("transient", 1, 1, 1, 1),
    ]  # fmt: skip
    assert [one.example for one in found] == [
        ("a", "1", "boom in job 99"), ("c", "2", ""), ("c", "1", LOST),
    ], "of the first row by its ids"  # fmt: skip
    assert found[0].ids == (cluster_id_of(fingerprint(BOOM)),)
    assert (found[1].fingerprint, found[0].fingerprint) == ("", fingerprint(BOOM))


def test_of_the_runs_that_are_asked_for_the_phases_are_counted_beside_those_of_all() -> None:
    """A failure without any of them is no answer, and whether it is systemic is a question of all runs."""
    found = counted(*ROWS, row("d", "1"), is_asked=lambda run_id: run_id == "b")
    assert [facts(one, *COUNTS, "is_systemic", "example") for one in found] == [(1, 1, 4, 3, True, ("b", "1", BOOM))]


def test_the_example_is_of_a_run_that_is_asked_for_though_another_was_read_before() -> None:
    rows = [row("a", "1"), row("z", "2"), row("z", "1"), row("b", "1")]
    found = counted(*rows, a_page=1, is_asked=lambda run_id: run_id == "z")
    assert [one.example[:2] for one in found] == [("z", "1")]


@pytest.mark.parametrize(("runs", "is_systemic"), [(2, False), (3, True), (4, True)])
def test_a_failure_of_three_runs_is_systemic(runs: int, *, is_systemic: bool) -> None:
    [found] = counted(*(row(f"r{number}", phase) for number in range(runs) for phase in "ab"))
    assert (found.is_systemic, found.runs, found.count) == (is_systemic, runs, 2 * runs)


@pytest.mark.parametrize(("runs", "has_more"), [(2, False), (3, True), (5, True)])
def test_more_runs_than_are_told_apart_are_said_to_be_more(
    runs: int, monkeypatch: pytest.MonkeyPatch, *, has_more: bool
) -> None:
    for module in ("cluster_reading", "cluster_counts"):
        monkeypatch.setattr(f"batchdrain.planning.{module}.RUNS", 3)
    [found] = counted(*(row(f"r{number}", "p") for number in range(runs)), is_asked=lambda _: True)
    assert facts(found, "has_more_runs", "has_more_of_all_runs", "runs", "all_runs", "count") == (
        has_more, has_more, min(runs, 3), min(runs, 3), runs,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("subject", "accepted"),
    [
        (Subject(run_id="a", phase_id="1"), [1, 0, 0]),
        (Subject(run_id="a"), [2, 0, 0]),
        (Subject(run_id="[bc]"), [1, 1, 1]),
        (Subject(cluster=cluster_id_of(fingerprint(BOOM))), [3, 0, 0]),
    ],
    ids=["a phase", "a run", "a glob", "a cluster"],
)
def test_accepted_phases_are_counted_however_they_were_accepted(subject: Subject, accepted: list[int]) -> None:
    one = Acceptance(subject=subject, reason="known").like(
        Failure.uncategorised(BOOM) if subject.cluster else Failure(None, "")
    )
    known = Acceptances([one])
    assert [found.accepted for found in counted(accepted=known)] == accepted
    assert [found.accepted for found in counted(accepted=known, is_asked=lambda run_id: run_id == "a")] == [
        min(accepted[0], 2) if subject.run_id != "[bc]" else 0
    ], "of the runs that are asked for"


def test_what_was_tried_is_summed_over_all_that_looks_the_same() -> None:
    lines = ["step build of web failed", "step test of web failed"]
    rows = [row("a", str(place), lines[place % 2]) for place in range(4)]
    retries = {fingerprint(line): RetryCount(tried=3, fixed=place + 1) for place, line in enumerate(lines)}
    [found] = counted(*rows, row("b", "9", lines[1]), retries=retries)
    assert facts(found, *COUNTS, "tried", "fixed", "ids") == (
        5, 2, 5, 2, 6, 3, tuple(cluster_id_of(fingerprint(line)) for line in reversed(lines)),
    ), "the more frequent one first"  # fmt: skip


def test_a_fingerprint_of_two_categories_is_one_cluster_under_the_more_frequent_one() -> None:
    by_phase: dict[str | None, str] = {"x 1": "patch", "x 2": "patch", "x 3": "transient"}
    rows = [row("a", "1", "x 3"), row("b", "9", "x 1"), row("c", "1", "x 2")]
    of: Callable[[str | None], str] = by_phase.__getitem__
    [found] = cluster_counts([Page.of(rows)], of, str, {})
    assert facts(found, "category", *COUNTS, "example") == ("patch", 3, 3, 3, 3, ("a", "1", "x 3"))
    [tie] = cluster_counts([Page.of(rows[:2])], of, str, {})
    assert tie.category == "transient", "in the order of the categories"
    [asked] = cluster_counts([Page.of(rows)], of, str, {}, is_asked=lambda run_id: run_id == "b")
    assert facts(asked, *COUNTS, "example") == (1, 1, 3, 3, ("b", "9", "x 1"))


def test_an_example_shows_no_secret_and_no_more_than_its_beginning() -> None:
    [found] = counted(row("a", "1", "hunter2 is wrong: " + "word " * 300))
    assert found.example[2].startswith("*** is wrong")
    assert len(found.example[2]) <= 500
    assert "hunter2" not in found.fingerprint


def test_a_failure_that_is_no_text_is_counted_as_its_text() -> None:
    """SQLite stores a number where a text is meant."""
    found = counted(row("a", "1", 7), row("a", "2", 7), row("b", "1", "7"))
    assert [(one.count, one.example) for one in found] == [(3, ("a", "1", "7"))]
