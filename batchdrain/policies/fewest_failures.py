"""Finish runs: the one that is nearly whole first."""

from __future__ import annotations

from datetime import datetime

from batchdrain.model.lane import Lane


def fewest_failures(lane: Lane, now: datetime) -> tuple[int, str]:  # noqa: ARG001 - a policy's signature
    """The run with the fewest failures first, and all of it before the next: policies behind this one order its
    phases."""
    return (lane.failed, lane.run_order)
