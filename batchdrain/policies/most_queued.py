"""Of queued phases: run by run, the one with most of them first."""

from __future__ import annotations

from datetime import datetime

from batchdrain.model.lane import Lane


def most_queued(lane: Lane, now: datetime) -> tuple[bool, int, str]:  # noqa: ARG001 - a policy's signature
    """A run that was begun goes on; then the run with the most queued phases, then by run_id. Policies behind this one order
    its phases."""
    return (lane.taken == 0, -lane.queued, lane.run_order)
