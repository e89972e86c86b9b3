"""Equal failures in a row are those of a broken command only if their phases had failed in different ways before."""

from __future__ import annotations

import pytest

from batchdrain.model.failure import NO_REASON, Failure
from batchdrain.model.phase import Phase
from batchdrain.model.states import PhaseState
from batchdrain.planning import group_figures
from batchdrain.planning.failure_row import FailureRow, describe_before
from batchdrain.planning.group_figures import GroupFigures, GroupResult
from batchdrain.planning.stop import Progress


def length_of(results: str) -> tuple[int, str]:
    """'boom<a boom<b': each failure, with what its phase had failed with before; 'ok' is a success, '|' a new row."""
    row = FailureRow()
    for one in results.split():
        failure, _, before = one.partition("<")
        if one == "|":
            row.clear()
        else:
            row.add("" if failure == "ok" else failure, before)
    return row.length, row.fingerprint


ROWS = [
    ("", 0, ""),
    ("boom<a", 0, "boom"),
    ("boom<a boom<a", 0, "boom"),
    ("boom<a boom<b", 2, "boom"),
    ("boom<a boom<a boom<b", 3, "boom"),
    ("boom<a boom<b ok<c", 0, ""),
    ("boom<a ok<c boom<b", 0, "boom"),
    ("boom<a boom<b bang<c", 0, "bang"),
    ("boom<a bang<b boom<c boom<d", 2, "boom"),
    ("boom<a bang<b bang<a", 2, "bang"),
    ("ok<a ok<b", 0, ""),
]


@pytest.mark.parametrize(
    ("results", "length", "fingerprint"), [*ROWS, ("boom<a boom<b | boom<c", 0, "boom"), ("boom<a |", 0, "")]
)
def test_a_row_has_the_length_of_its_equal_failures_of_unlike_phases(results: str, length: int, fingerprint: str) -> None:
    assert length_of(results) == (length, fingerprint)


@pytest.mark.parametrize(("results", "length", "fingerprint"), ROWS)
def test_a_group_of_drains_counts_as_one_drain_does(results: str, length: int, fingerprint: str) -> None:
    figures = GroupFigures()
    for one in results.split():
        failure, _, before = one.partition("<")
        failed = "" if failure == "ok" else failure
        figures = figures.add(
            GroupResult(
                run_id="r", success=not failed, waits=False, timed_out=False, is_of_outage=False, fingerprint=failed, before=before,
                metrics={}, has_metric=False,
            )
        )  # fmt: skip
    found = GroupFigures.of(figures.to_fields()).apply(Progress())
    assert (found.same_failures, found.same_failure) == (length, fingerprint)


def test_a_phase_without_a_stored_failure_is_like_no_other() -> None:
    def phase(name: str, failure: Failure = NO_REASON) -> Phase:
        return Phase(run_id="r", phase_id=name, phase_index=0, state=PhaseState.FAILED, failure=failure)

    boom = Failure.uncategorised("boom")
    assert describe_before(phase("a", boom)) == describe_before(phase("b", boom)) == boom.fingerprint
    assert describe_before(phase("a")) != describe_before(phase("b"))
    assert describe_before(phase("a")) == describe_before(phase("a"))


def test_of_very_many_runs_a_group_keeps_the_latest_and_those_with_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_figures, "_KEPT", 3)
    counts: dict[str, int] = {}
    for name in ("a", "b", "b", "c"):
        counts = dict(group_figures._count(counts, name))
    assert counts == {"a": 1, "b": 2, "c": 1}
    assert dict(group_figures._count({"a": 1, "b": 2, "c": 3}, "d")) == {"d": 1, "c": 3, "b": 2}


@pytest.mark.parametrize(
    ("odd", "number"), [(2**63, 0), (2**63 - 2048, 2**63 - 2048), (True, 0), ("5", 0), (None, 0), (-1, -1)]
)
def test_a_number_that_no_drain_can_have_written_is_none(odd: object, number: int) -> None:
    assert GroupFigures.of({"results": odd}).results == number
