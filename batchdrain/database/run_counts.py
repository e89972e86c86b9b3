"""Counts the phases of each run by state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from batchdrain.database.phases.row_counts import count_by_run_and_state, count_states_and_runs
from batchdrain.database.phases.table import PhaseTable
from batchdrain.model.states import PhaseState
from batchdrain.runtime.text import count_of

_OTHER: Final = 3
"""The index of the count of all states other than queued, failed and complete."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCounts:
    """How many phases of one run are in which state."""

    run_id: str
    queued: int = 0
    failed: int = 0
    complete: int = 0
    other: int = 0

    @property
    def unfinished(self) -> int:
        """How many phases are not complete."""
        return self.queued + self.failed + self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseTotals:
    """How many phases of all runs together are in which state."""

    queued: int = 0
    failed: int = 0
    complete: int = 0
    other: int = 0
    runs: int = 0

    @classmethod
    def of(cls, counts: Sequence[RunCounts]) -> PhaseTotals:
        """The totals of the runs in `counts`."""
        return cls(
            queued=sum(row.queued for row in counts),
            failed=sum(row.failed for row in counts),
            complete=sum(row.complete for row in counts),
            other=sum(row.other for row in counts),
            runs=len(counts),
        )


def read_totals(connection: sa.Connection, table: PhaseTable) -> PhaseTotals:
    """Count the phases by state, whatever their runs."""
    counted = (PhaseState.QUEUED, PhaseState.FAILED, PhaseState.COMPLETE)
    (queued, failed, complete), rows, runs = count_states_and_runs(connection, table, counted)
    other = rows - queued - failed - complete
    return PhaseTotals(queued=queued, failed=failed, complete=complete, other=other, runs=runs)


def read_run_counts(connection: sa.Connection, table: PhaseTable) -> list[RunCounts]:
    """Count the phases of every run by state, in one pass. The runs with most queued phases come first, then those with most
    failed ones, then by id."""
    counted = (PhaseState.QUEUED, PhaseState.FAILED, PhaseState.COMPLETE)
    places = {state_word: place for place, known in enumerate(counted) for state_word in table.states[known]}
    rows: dict[str, list[int]] = {}
    found = count_by_run_and_state(connection, table)
    while found:  # there may be very many runs: free each count once it is taken over
        (run, state), count = found.popitem()
        row = rows.setdefault(run, [0, 0, 0, 0])
        row[places.get(state, _OTHER)] += count
    order = table.ids.order.run
    counts = [RunCounts(run_id=run, queued=queued, failed=failed, complete=complete, other=other)
              for run, (queued, failed, complete, other) in rows.items()]  # fmt: skip
    return sorted(counts, key=lambda row: (-row.queued, -row.failed, order(row.run_id)))


def describe_counts(counts: Sequence[RunCounts]) -> str:
    """The totals as a sentence: '60 failed, 15 queued, 40 complete, 0 other in 12 runs'."""
    return describe_totals(PhaseTotals.of(counts))


def describe_totals(totals: PhaseTotals) -> str:
    """The same of totals that are known."""
    of_states = f"{totals.failed} failed, {totals.queued} queued, {totals.complete} complete, {totals.other} other"
    return f"{of_states} in {count_of(totals.runs, 'run')}"


def describe_reading(totals: PhaseTotals, read: Mapping[str, int]) -> str:
    """The totals, and the backlog's numbers if it was read just before and they differ, since rows change meanwhile. `read`:
    how many phases the backlog had, by source state (failed, queued)."""
    other = {state: total for state, total in read.items() if total != getattr(totals, state)}
    told = " and ".join(f"{total} {state}" for state, total in other.items())
    return describe_totals(totals) + (f" (the backlog had {told} when it was read)" if other else "")
