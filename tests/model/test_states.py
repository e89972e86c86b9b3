"""The table of states: every pair of a state and an outcome."""

from __future__ import annotations

import itertools
from collections.abc import Collection
from enum import StrEnum

import pytest

from batchdrain.model.asked import Ask
from batchdrain.model.retry_stats import LEARNT_FROM
from batchdrain.model.states import COUNTED, GIVEN_BACK, NEXT, IllegalTransition, Outcome, PhaseState, next_state


@pytest.mark.parametrize(("state", "outcome"), list(itertools.product(PhaseState, Outcome)))
def test_every_pair_of_state_and_outcome_is_a_transition_or_refused(state: PhaseState, outcome: Outcome) -> None:
    waits = state in {PhaseState.FAILED, PhaseState.QUEUED}
    if not waits or outcome is Outcome.MOVED:
        with pytest.raises(IllegalTransition, match=f"^{state} -> {outcome}$"):
            next_state(state, outcome)
        return
    given_back = outcome in {Outcome.RELEASED, Outcome.ORPHANED, Outcome.NOT_STARTED, Outcome.REFUSED}
    expected = state if given_back else PhaseState.COMPLETE if outcome is Outcome.COMPLETE else PhaseState.FAILED
    assert NEXT[(state, outcome)] is next_state(state, outcome) is expected


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (PhaseState, "failed queued executing complete"),
        (Outcome, "complete failed timeout released orphaned not_started refused moved"),
        (Ask, "stop stop-now pause continue"),
    ],
)
def test_the_words_that_stand_in_a_ledger_and_in_files_stay_what_they_are(kind: type[StrEnum], words: str) -> None:
    assert {one.name: one.value for one in kind} == {word.upper().replace("-", "_"): word for word in words.split()}


@pytest.mark.parametrize(
    ("outcomes", "words"),
    [
        (COUNTED, "complete failed timeout refused moved"),
        (GIVEN_BACK, "released not_started orphaned"),
        (LEARNT_FROM, "complete failed timeout"),
    ],
    ids=["counted", "given back", "learnt from"],
)
def test_which_ends_count_as_an_attempt_which_leave_a_phase_as_it_was_and_which_teach(
    outcomes: Collection[Outcome], words: str
) -> None:
    assert sorted(outcomes) == sorted(words.split())
