"""How many phases each run has in which state."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """The phases of one run by state."""

    run_id: str
    queued: int = 0
    failed: int = 0
    complete: int = 0
    other: int = 0

    @property
    def unfinished(self) -> int:
        """All but the complete ones."""
        return self.queued + self.failed + self.other


def describe_counts(counts: list[RunCounts]) -> str:
    """'60 failed, 15 queued, 40 complete, 0 other in 12 runs'."""
    failed, queued = sum(row.failed for row in counts), sum(row.queued for row in counts)
    complete, other = sum(row.complete for row in counts), sum(row.other for row in counts)
    return f"{failed} failed, {queued} queued, {complete} complete, {other} other in {len(counts)} runs"
