"""The phases of a session that wait to be tried again, in the order in which they are due."""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable

from batchdrain.model.claim import ScheduledAttempt


class RetryQueue:
    """Filled and emptied by one thread, looked at by any."""

    def __init__(self, retries: Iterable[ScheduledAttempt] = ()) -> None:
        self._heap = list(retries)
        heapq.heapify(self._heap)

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, retry: ScheduledAttempt) -> None:
        """It waits until it is due."""
        heapq.heappush(self._heap, retry)

    def pop(self, busy: Container[str], now: float) -> ScheduledAttempt | None:
        """The one that waits longest since its time came, of a run that is not `busy`. `now`: monotonic."""
        aside, found = list[ScheduledAttempt](), None
        while found is None and self._heap and self._heap[0].due <= now:
            retry = heapq.heappop(self._heap)
            if retry.run_id in busy:
                aside.append(retry)
            else:
                found = retry
        for retry in aside:
            heapq.heappush(self._heap, retry)
        return found

    def first_due(self, busy: Container[str]) -> float | None:
        """When the next one may begin, monotonic; None: none of a run that is not `busy`."""
        return min((retry.due for retry in self._heap if retry.run_id not in busy), default=None)

    def due(self) -> list[float]:
        """When each may begin, monotonic, in no order."""
        return [retry.due for retry in [*self._heap]]
