"""The state machine of a phase, as a table. Who moves a phase, and where it stands after a crash:

FAILED, QUEUED  waits in the backlog; a claim moves it on
EXECUTING       held by exactly one claim; finish moves it on, or, once its controller is dead, recover gives it back
COMPLETE        the end
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class PhaseState(StrEnum):
    """Where a phase stands; the words of your table for it are mapped in `source.states`."""

    FAILED = "failed"
    QUEUED = "queued"
    EXECUTING = "executing"
    COMPLETE = "complete"


class Outcome(StrEnum):
    """How an attempt ended. A ledger row bears exactly one of them, once."""

    COMPLETE = "complete"
    FAILED = "failed"
    TIMEOUT = "timeout"
    RELEASED = "released"  #: given back on purpose; not counted as an attempt
    ORPHANED = "orphaned"  #: given back because its controller or its guardian died
    NOT_STARTED = "not_started"  #: the program could not be executed at all; not counted
    REFUSED = "refused"  # the table does not take its end: given back, reported
    MOVED = "moved"  #: somebody else changed the row meanwhile: left alone, reported


COUNTED: Final = frozenset({Outcome.COMPLETE, Outcome.FAILED, Outcome.TIMEOUT, Outcome.REFUSED, Outcome.MOVED})
"""The outcomes that count as an attempt."""

GIVEN_BACK: Final = frozenset({Outcome.RELEASED, Outcome.NOT_STARTED, Outcome.ORPHANED})
"""The outcomes after which the phase stands as it stood before."""

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
    """A bug: a pair that the table does not hold."""


def next_state(claimed_from: PhaseState, outcome: Outcome) -> PhaseState:
    """Where a claimed phase goes. Raises IllegalTransition for a pair that must not be (MOVED writes no state)."""
    try:
        return NEXT[(claimed_from, outcome)]
    except KeyError:
        raise IllegalTransition(f"{claimed_from} -> {outcome}") from None
