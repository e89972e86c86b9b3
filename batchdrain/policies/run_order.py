"""One run after the other, strictly in the order of phases."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from batchdrain.model.lane import Lane


def run_order(lane: Lane, now: datetime) -> tuple[Any, bool, int, Any]:  # noqa: ARG001 - a policy's signature
    """By run_id, within a run by phase_index (phases without one last), then by phase_id."""
    return (lane.run_order, lane.phase_index is None, lane.phase_index or 0, lane.phase_order)
