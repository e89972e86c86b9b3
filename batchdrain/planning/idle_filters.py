"""Finds the filters of a session that do not change what it selects. Reads only."""

from __future__ import annotations

from batchdrain.database.store import Store
from batchdrain.model.states import PhaseState
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.filters import Filters
from batchdrain.planning.without_effect import find_idle_kinds, find_idle_runs


def find_idle_filters(store: Store, filters: Filters, state: PhaseState, backlog: Backlog) -> list[str]:
    """A line for each filter that changes nothing. `backlog`: has just been read. Raises DatabaseUnavailable."""
    asks_for_runs = filters.run_id is not None or filters.exclude_runs
    found = list(find_idle_runs(filters, store.read_run_counts(), state.value)) if asks_for_runs else []
    return [*found, *(find_idle_kinds(filters, backlog.seen, state.value) if backlog.total else ())]
