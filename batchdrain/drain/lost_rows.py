"""Rows that were chosen but not found again by their ids: they were deleted meanwhile, or their ids never match."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Final

from batchdrain.database.store import Store
from batchdrain.drain.database_outage import DatabaseOutage
from batchdrain.drain.request import DrainRequest
from batchdrain.model.errors import BadData
from batchdrain.model.phase import PhaseKey
from batchdrain.runtime.text import agree, count_of

_SHOWN: Final = 3


class LostRows:
    """Collects such rows. A row that somebody deleted is no fault, but one that is still there is: a drain that does nothing must
    not look well."""

    def __init__(self, store: Store, request: DrainRequest, lost: Collection[PhaseKey], outage: DatabaseOutage) -> None:
        """`lost`: phases that were in the state but could not be claimed; the collection grows."""
        self._store = store
        self._state = request.state
        self._filters = request.filters
        self._lost = lost
        self._outage = outage

    def to_failure(self, *, executed: int) -> BadData | None:
        """The error to report; None if the rows were deleted. `executed`: how many commands were started. If none was, and the
        backlog has not shrunk, the ids change with each reading. Raises DatabaseUnavailable."""
        if not self._lost:
            return None
        listed, total = self._outage.retry(self._look, meanwhile="the session can't be closed")
        if not listed and (executed or total < len(self._lost)):
            return None
        shown = ", ".join(map(str, sorted(listed or self._lost, key=self._store.table.ids.order.of_key)[:_SHOWN]))
        count = len(listed or self._lost)
        return BadData(
            f"{count_of(count, 'row')} {agree(count, 'was', 'were')} not found again by {agree(count, 'its', 'their')} ids: {shown}",
            remedy="map ids that keep their values, and let no policy hide the rows from an update; `inv doctor` tries one",
        )

    def _look(self) -> tuple[set[PhaseKey], int]:
        """The lost phases that are still in the backlog, and how many rows of the session's runs the backlog has."""
        listed, total = set[PhaseKey](), 0
        skips_run = cache(self._filters.skips_run)
        with self._store.database.read() as connection:
            for page in self._store.table.read_pages(connection, self._state):
                total += sum(skips_run(run_id) is None for run_id in page.runs)
                listed.update(key for ids in page.ids if (key := PhaseKey(*ids)) in self._lost)
        return listed, total
