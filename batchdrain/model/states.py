"""The state machine of a phase, as a table. Who moves a phase on, and where it is after a crash:

FAILED, QUEUED  waits in the backlog; a claim moves it on
EXECUTING       held by exactly one claim; finish moves it on; if its controller is dead, recovery gives it back
COMPLETE        the end
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class PhaseState(StrEnum):
    """The state of a phase. `source.states` maps the words of the user's table to these."""

    FAILED = "failed"
    QUEUED = "queued"
    EXECUTING = "executing"
    COMPLETE = "complete"


class Outcome(StrEnum):
    """How an attempt ended. A ledger row gets exactly one outcome, once."""

    COMPLETE = "complete"
    FAILED = "failed"
    TIMEOUT = "timeout"
    RELEASED = "released"  #: given back on purpose; not counted as an attempt
    ORPHANED = "orphaned"  #: given back because its controller or its guardian died
    NOT_STARTED = "not_started"  #: the program could not be executed at all; not counted
    REFUSED = "refused"  # the table refuses the end state; given back and reported
    MOVED = "moved"  #: somebody else changed the row meanwhile; it was not changed and reported


COUNTED: Final = frozenset({Outcome.COMPLETE, Outcome.FAILED, Outcome.TIMEOUT, Outcome.REFUSED, Outcome.MOVED})
"""The outcomes that count as an attempt."""

GIVEN_BACK: Final = frozenset({Outcome.RELEASED, Outcome.NOT_STARTED, Outcome.ORPHANED})
"""The outcomes after which the phase is as it was before."""

NEXT: Final[Mapping[tuple[PhaseState, Outcome], PhaseState]] = {
    (PhaseState.FAILED, Outcome.COMPLETE): PhaseState.COMPLETE,
    (PhaseState.FAILED, Outcome.FAILED): PhaseState.FAILED,
    (PhaseState.FAILED, Outcome.TIMEOUT): PhaseState.FAILED,
    (PhaseState.FAILED, Outcome.RELEASED): PhaseState.FAILED,
    (PhaseState.FAILED, Outcome.ORPHANED): PhaseState.FAILED,
    (PhaseState.FAILED, Outcome.NOT_STARTED): PhaseState.FAILED,
    (PhaseState.FAILED, Outcome.REFUSED): PhaseState.FAILED,
    (PhaseState.QUEUED, Outcome.COMPLETE): PhaseState.COMPLETE,
    (PhaseState.QUEUED, Outcome.FAILED): PhaseState.FAILED,
    (PhaseState.QUEUED, Outcome.TIMEOUT): PhaseState.FAILED,
    (PhaseState.QUEUED, Outcome.RELEASED): PhaseState.QUEUED,
    (PhaseState.QUEUED, Outcome.ORPHANED): PhaseState.QUEUED,
    (PhaseState.QUEUED, Outcome.NOT_STARTED): PhaseState.QUEUED,
    (PhaseState.QUEUED, Outcome.REFUSED): PhaseState.QUEUED,
}


class IllegalTransition(ValueError):
    """A bug: the table has no such pair."""


def next_state(claimed_from: PhaseState, outcome: Outcome) -> PhaseState:
    """The state that a claimed phase goes to. Raises IllegalTransition for a pair that is not allowed (MOVED writes no
    state)."""
    try:
        return NEXT[(claimed_from, outcome)]
    except KeyError:
        raise IllegalTransition(f"{claimed_from} -> {outcome}") from None
