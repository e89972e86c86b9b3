"""What a group counts is what one session would count of the same results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from batchdrain.planning.group_figures import GroupFigures, GroupResult
from batchdrain.planning.stop import Progress


def result(**given: Any) -> GroupResult:
    fields = {"run_id": "r", "success": False, "waits": False, "timed_out": False, "is_of_outage": False, "fingerprint": "f",
              "before": "b"}  # fmt: skip
    return GroupResult(**{**fields, **given})


def folded(*results: GroupResult) -> Progress:
    figures = GroupFigures()
    for one in results:
        figures = GroupFigures.of(json.loads(json.dumps(figures.add(one).to_fields())))
    return figures.apply(Progress(elapsed_s=7.0))


def test_failures_in_a_row_end_with_a_success() -> None:
    failed, passed = result(), result(success=True, fingerprint="")
    assert folded(failed, failed).consecutive_failures == 2
    found = folded(failed, failed, passed, failed)
    assert (found.consecutive_failures, found.results, found.successes, found.elapsed_s) == (1, 4, 1, 7.0)


def test_equal_failures_count_once_their_phases_had_differed() -> None:
    assert folded(result(), result()).same_failures == 0
    assert folded(result(before="x"), result(before="y"), result(before="z")).same_failures == 3
    assert folded(result(before="x"), result(before="y", fingerprint="g")).same_failures == 0
    assert folded(result(before="x"), result(before="y"), result(is_of_outage=True)).same_failures == 0


def test_what_is_to_be_tried_again_only_spends() -> None:
    found = folded(result(waits=True, metrics={"tokens": 2.0}), result(metrics={"tokens": 3.0}, has_metric=True))
    assert (found.results, found.spent, found.without_metric, found.repeats) == (1, {"tokens": 5.0}, 0, {"f": 1})


def test_timeouts_count_by_run_and_the_most_frequent_are_kept() -> None:
    many = [result(run_id=f"r{number}", timed_out=True) for number in range(600)]
    found = folded(*many[:3], *many[:3], *many)
    assert len(found.timeouts) == 500
    assert [found.timeouts[f"r{number}"] for number in range(3)] == [3, 3, 3]


@pytest.mark.parametrize("what", ["repeats", "timeouts"])
def test_what_is_met_for_the_first_time_is_counted_though_no_more_are_kept(what: str) -> None:
    """Else a stop condition would never see it, as long as the others are more frequent."""
    known, new = {f"{number}": 2 for number in range(500)}, result(run_id="new", fingerprint="new", timed_out=True)
    found = getattr(GroupFigures(repeats=known, timeouts=known).add(new).add(new), what)
    assert (found["new"], len(found)) == (2, 500)


def test_a_failure_is_no_timeout_and_a_success_neither_repeats_nor_goes_on_in_a_row() -> None:
    passed = result(success=True, fingerprint="")
    found = folded(result(before="x"), result(before="y"), passed)
    assert (found.timeouts, found.repeats, found.same_failures) == ({}, {"f": 2}, 0)
    assert folded(result(before="x"), passed, result(before="y")).same_failures == 0
    assert folded(passed, result(before="y", success=True, fingerprint="")).same_failures == 0


@pytest.mark.parametrize(
    "odd",
    [{}, {"results": "x", "befores": 3, "timeouts": [1], "spent": {"t": None}}, {"results": 1e300}, {"results": -1e300}],
)
def test_what_somebody_wrote_into_the_row_counts_as_nothing(odd: dict[str, Any]) -> None:
    assert GroupFigures.of(odd).apply(Progress()) == GroupFigures().apply(Progress()) or GroupFigures.of(odd).spent == {
        "t": 0.0
    }


def test_each_figure_is_the_group_s_and_time_and_canaries_are_the_session_s_own() -> None:
    figures = GroupFigures(
        results=11, successes=12, consecutive=13, without_metric=14, same="f", same_count=15, befores=("x", "y"), timeouts={"r": 16},
        repeats={"f": 17}, spent={"t": 18.0},
    )  # fmt: skip
    own = Progress(elapsed_s=7.0, canaries={"c": 1}, dead_canaries={"d"}, results=1, successes=1, consecutive_failures=1,
                   without_metric=1, spent={"t": 1.0}, timeouts={"r": 1}, repeats={"f": 1}, same_failures=1, same_failure="g")  # fmt: skip
    assert figures.apply(own) == Progress(
        elapsed_s=7.0, canaries={"c": 1}, dead_canaries={"d"}, results=11, successes=12, consecutive_failures=13, without_metric=14,
        same_failure="f", same_failures=15, timeouts={"r": 16}, repeats={"f": 17}, spent={"t": 18.0},
    )  # fmt: skip
    assert GroupFigures.of(figures.to_fields()) == figures


def test_results_that_bring_nothing_of_the_metric_are_a_row_whether_they_succeed_or_not() -> None:
    passed, brings = result(success=True, fingerprint=""), result(has_metric=True)
    assert folded(result(), passed, result()).without_metric == 3
    assert folded(passed, passed, brings, passed).without_metric == 1
    assert folded(passed, result(waits=True, has_metric=True), passed).without_metric == 2


def test_of_what_the_phases_had_failed_with_before_two_are_kept_at_most() -> None:
    figures = GroupFigures()
    for number in range(5):
        figures = figures.add(result(before=f"b{number}"))
    assert (figures.befores, figures.same_count, figures.same) == (("b0", "b1"), 5, "f")
    assert GroupFigures.of({"befores": ["x", "y", "z"]}).befores == ("x", "y")


@pytest.mark.parametrize("ends", [{"is_of_outage": True}, {"success": True, "fingerprint": ""}])
def test_what_ends_a_row_of_equal_failures_leaves_nothing_of_it(ends: dict[str, Any]) -> None:
    figures = GroupFigures().add(result(before="x")).add(result(before="y")).add(result(**ends))
    assert (figures.same, figures.same_count, figures.befores) == ("", 0, ())
    figures = figures.add(result(before="z"))
    assert (figures.same, figures.same_count, figures.befores) == ("f", 1, ("z",))
