"""Ambiguous rows: no drain takes a row whose ids also name another row."""

from __future__ import annotations

from collections.abc import Mapping

from batchdrain.model.errors import BadData
from batchdrain.model.phase import Skip
from batchdrain.planning.skip_rules import AMBIGUOUS, BAD_DATA


def ambiguity_of(skipped: Mapping[Skip, int]) -> BadData | None:
    """The error that ends a drain if only ambiguous rows are left; None if there are no such rows."""
    found = sorted(skip.value for skip in skipped if skip.rule == BAD_DATA and skip.value.endswith(AMBIGUOUS))
    if not found:
        return None
    more = f", and {len(found) - 1} more such ids" if len(found) > 1 else ""
    return BadData(
        f"{found[0]}{more}",
        remedy="run_id and phase_id together must be unique; map other columns in batchdrain.source",
    )
