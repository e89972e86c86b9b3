"""Runs with a higher manual priority go first."""

from __future__ import annotations

from datetime import datetime

from batchdrain.model.lane import Lane


def hints(lane: Lane, now: datetime) -> int:  # noqa: ARG001 - a policy's signature
    """A higher manual priority (`inv hint`) comes sooner. Without any hint all lanes are equal."""
    return -lane.hint
