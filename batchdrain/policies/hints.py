"""What people said goes first, goes first."""

from __future__ import annotations

from datetime import datetime

from batchdrain.model.lane import Lane


def hints(lane: Lane, now: datetime) -> int:  # noqa: ARG001 - a policy's signature
    """Higher manual priority sooner (`inv hint`); without any hint all lanes are equal."""
    return -lane.hint
