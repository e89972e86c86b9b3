"""Tries one phase of every run before a second phase of any run."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from batchdrain.model.lane import Lane
from batchdrain.policies.explaining import explained_by

UNSEEN: Final = 0
SAMPLED: Final = 1
KNOWN: Final = 2


def explain_sampling(lane: Lane, now: datetime) -> str:
    """How far the run has been sampled, for people."""
    return ("a sample of its run", "its run is sampled", "why its run fails is known")[sample_first(lane, now)]


@explained_by(explain_sampling)
def sample_first(lane: Lane, now: datetime) -> int:  # noqa: ARG001 - a policy's signature
    """First runs of which nothing was tried, by this session or in the ledger. Then runs that were tried. Last runs whose
    latest failed attempt failed like one of another run: the cause of their failures is known."""
    if not lane.taken and not lane.of_run.tried:
        return UNSEEN
    return KNOWN if lane.failed_alike else SAMPLED
