"""The table of states: every pair of a state and an outcome."""

from __future__ import annotations

import itertools

import pytest

from batchdrain.model.states import NEXT, IllegalTransition, Outcome, PhaseState, next_state


@pytest.mark.parametrize(("state", "outcome"), list(itertools.product(PhaseState, Outcome)))
def test_every_pair_of_state_and_outcome_is_a_transition_or_refused(state: PhaseState, outcome: Outcome) -> None:
    waits = state in {PhaseState.FAILED, PhaseState.QUEUED}
    if not waits or outcome is Outcome.MOVED:
        with pytest.raises(IllegalTransition):
            next_state(state, outcome)
        return
    given_back = outcome in {Outcome.RELEASED, Outcome.ORPHANED, Outcome.NOT_STARTED, Outcome.REFUSED}
    expected = state if given_back else PhaseState.COMPLETE if outcome is Outcome.COMPLETE else PhaseState.FAILED
    assert NEXT[(state, outcome)] is next_state(state, outcome) is expected
