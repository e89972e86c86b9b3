"""Lets a second batch continue where the first one ended."""

from __future__ import annotations

from datetime import datetime

from batchdrain.model.lane import Lane


def untried_first(lane: Lane, now: datetime) -> int:  # noqa: ARG001 - a policy's signature
    """Fewer attempts in the ledger come first: nothing is tried again before everything was tried once."""
    return lane.attempts
