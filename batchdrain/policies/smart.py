"""The default: failures that a mere retry is most likely to fix go first."""

from __future__ import annotations

from datetime import datetime

from batchdrain.failures.categories import CATEGORIES
from batchdrain.model.lane import Lane


def smart(lane: Lane, now: datetime) -> tuple[int, bool, int, int]:  # noqa: ARG001 - a policy's signature
    """By category (unknown, transient, collection, deliverable, patch, other, timeout), then by lower phase_index, then the
    run with fewer failures. Ids break the last ties."""
    return (CATEGORIES.index(lane.category), lane.phase_index is None, lane.phase_index or 0, lane.failed)
