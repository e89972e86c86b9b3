"""Completes runs: the run with the fewest failures goes first."""

from __future__ import annotations

from datetime import datetime

from batchdrain.model.lane import Lane


def fewest_failures(lane: Lane, now: datetime) -> tuple[int, str]:  # noqa: ARG001 - a policy's signature
    """The run with the fewest failures first, and all of its phases before the next run. Later policies order its phases."""
    return (lane.failed, lane.run_order)
