"""The ledger and the backlog as recovery would leave them."""

from __future__ import annotations

from typing import Any

import pytest

from batchdrain.database.ledger.history import Past
from batchdrain.model.phase import PhaseKey
from batchdrain.model.states import Outcome, PhaseState
from batchdrain.planning.given_back import GivenBack, foreseen, foreseen_counts

A, B, C = (PhaseKey("r", name) for name in "abc")


def back(key: PhaseKey, **facts: Any) -> GivenBack:
    return GivenBack(key=key, digest=key.digest, stands="FAILED", **facts)


def test_what_is_given_back_is_held_no_more_and_counts_as_an_orphaning_and_what_is_recorded_as_an_attempt() -> None:
    past = Past(
        attempts={A.digest: 2, C.digest: 7},
        held=frozenset({A.digest, B.digest, C.digest}),
        orphanings={A.digest: 1, B.digest: 2},
        names=frozenset({("r", "c")}),
    )
    found = foreseen(past, [back(A), back(B, recorded=Outcome.FAILED)])
    assert found.held == {C.digest}
    assert found.orphanings == {A.digest: 2}
    assert found.attempts == {A.digest: 2, B.digest: 1, C.digest: 7}
    assert found.names == {("r", "a"), ("r", "b"), ("r", "c")}
    assert past.orphanings == {A.digest: 1, B.digest: 2}
    assert foreseen(past, []) is past


@pytest.mark.parametrize(("state", "by", "expected"), [
    (PhaseState.FAILED, 1, {"r": 4, "s": 1}), (PhaseState.FAILED, -1, {"r": 2, "s": 1}), (PhaseState.QUEUED, 1, {"r": 4, "s": 1}),
])  # fmt: skip
def test_a_phase_that_comes_to_stand_in_a_state_is_one_more_of_its_run(
    state: PhaseState, by: int, expected: dict[str, int]
) -> None:
    other = PhaseState.QUEUED if state is PhaseState.FAILED else PhaseState.FAILED
    given_back = [
        back(A, has_moved=True, state=state), back(B, has_moved=False, state=state), back(C, has_moved=True, state=other),
        back(PhaseKey("t", "x"), has_moved=True, state=None),
    ]  # fmt: skip
    assert foreseen_counts({"r": 3, "s": 1}, given_back, state, by) == expected
    new = [back(PhaseKey("new", "x"), has_moved=True, state=state)]
    assert foreseen_counts({}, new, state, by) == {"new": max(0, by)}


@pytest.mark.parametrize(("began", "orphanings"), [(True, 1), (False, 0)])
def test_what_is_given_back_for_the_first_time_is_orphaned_once_if_it_began(began: bool, orphanings: int) -> None:
    assert foreseen(Past(), [back(A, began=began)]).orphanings == {A.digest: orphanings}
    assert foreseen(Past(attempts={}), [back(A, recorded=Outcome.COMPLETE)]).attempts == {A.digest: 1}
