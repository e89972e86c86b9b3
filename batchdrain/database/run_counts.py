"""How many phases each run has in which state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from batchdrain.database.phases.row_counts import count_by_run_and_state
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import count_of


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


def read_run_counts(connection: sa.Connection, table: PhaseTable) -> list[RunCounts]:
    """Every run with its phases by state, most queued first, then most failed, then by id. One pass."""
    counted = [known for known in PhaseState if known is not PhaseState.EXECUTING]
    fields = {state_word: known.value for known in counted for state_word in table.states[known]}
    rows: dict[str, dict[str, int]] = {}
    for (run, state), count in count_by_run_and_state(connection, table).items():
        row = rows.setdefault(run, {})
        name = fields.get(state, "other")
        row[name] = row.get(name, 0) + count
    order = table.ids.order.run
    counts = [RunCounts(run_id=run, **row) for run, row in rows.items()]
    return sorted(counts, key=lambda row: (-row.queued, -row.failed, order(row.run_id)))


def describe_counts(counts: Sequence[RunCounts]) -> str:
    """'60 failed, 15 queued, 40 complete, 0 other in 12 runs'."""
    failed, queued = sum(row.failed for row in counts), sum(row.queued for row in counts)
    complete, other = sum(row.complete for row in counts), sum(row.other for row in counts)
    return f"{failed} failed, {queued} queued, {complete} complete, {other} other in {count_of(len(counts), 'run')}"


def describe_reading(counts: Sequence[RunCounts], read: Mapping[str, int]) -> str:
    """The counts, and what the backlog had where it was read just before and had another number: rows change meanwhile.
    `read`: phases by source state (failed, queued)."""
    other = {state: total for state, total in read.items() if total != sum(getattr(row, state) for row in counts)}
    told = " and ".join(f"{total} {state}" for state, total in other.items())
    return describe_counts(counts) + (f" (the backlog had {told} when it was read)" if other else "")
