"""A look at every run before a second look at any."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from batchdrain.model.lane import Lane
from batchdrain.policies.explaining import explained_by

UNSEEN: Final = 0
SAMPLED: Final = 1
KNOWN: Final = 2


def explain_sampling(lane: Lane, now: datetime) -> str:
    """How far its run is sampled, for people."""
    return ("a sample of its run", "its run is sampled", "what ails its run is known")[sample_first(lane, now)]


@explained_by(explain_sampling)
def sample_first(lane: Lane, now: datetime) -> int:  # noqa: ARG001 - a policy's signature
    """Runs of which nothing was tried, by this session or in the ledger; then those whose sample told something of their
    own; last those whose latest failed attempt failed like one of another run: what ails them is known."""
    if not lane.taken and not lane.of_run.tried:
        return UNSEEN
    return KNOWN if lane.failed_alike else SAMPLED
