"""For queued phases: one run after the other, the run with the most of them first."""

from __future__ import annotations

from datetime import datetime

from batchdrain.model.lane import Lane


def most_queued(lane: Lane, now: datetime) -> tuple[bool, int, str]:  # noqa: ARG001 - a policy's signature
    """First a run that was begun, then the run with the most queued phases, then by run_id. Later policies order its
    phases."""
    return (lane.taken == 0, -lane.queued, lane.run_order)
