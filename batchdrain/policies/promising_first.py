"""Phases that a diagnosis called promising go first."""

from __future__ import annotations

from datetime import datetime

from batchdrain.model.lane import Lane


def promising_first(lane: Lane, now: datetime) -> bool:  # noqa: ARG001 - a policy's signature
    """Phases with a promising verdict come before all others. `inv triage` and `inv drain --triage` give verdicts."""
    return not lane.promising
