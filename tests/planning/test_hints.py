"""The priority that people gave a run."""

from __future__ import annotations

import pytest

from batchdrain.database.ledger.notes import Note
from batchdrain.planning.hints import HIGHEST, Hints, priority_of


def note(glob: str, priority: object) -> Note:
    return Note(subject=glob, by="ann", at="", content={"priority": priority})


@pytest.mark.parametrize(
    ("hints", "expected"),
    [
        ([], 0),
        ([("delta-1", 5)], 5),
        ([("delta-2", 5)], 0),
        ([("delta-*", -3)], -3),
        ([("delta-*", 2), ("*", 7)], 7),
        ([("*", 7), ("delta-*", 2)], 7),
        ([("delta-1", -9), ("*", -2)], -2),
        ([("delta-1", 0), ("*", -2)], -2),
        ([("Delta-1", 4)], 0),
    ],
)
def test_of_several_hints_that_match_a_run_the_highest_holds(hints: list[tuple[str, int]], expected: int) -> None:
    found = Hints(note(*hint) for hint in hints)
    assert [found("delta-1"), found("delta-1"), found("x") if not hints else 0] == [expected, expected, 0]


def test_each_run_has_its_own_hint() -> None:
    found = Hints([note("a", 1), note("b", 2)])
    assert [found(run_id) for run_id in "abcab"] == [1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("priority", "expected"),
    [(3, 3), (-3, -3), (HIGHEST + 1, HIGHEST), (-HIGHEST - 1, -HIGHEST), (True, 0), (2.5, 0), ("4", 0), (None, 0)],
)
def test_what_is_no_whole_number_is_no_priority_and_the_rest_is_kept_within_bounds(priority: object, expected: int) -> None:
    assert priority_of(note("r", priority)) == expected
    assert HIGHEST == 1_000_000
