"""The phases of a session that wait to be tried again, in the order in which they are due."""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable

from batchdrain.model.claim import ScheduledAttempt


class RetryQueue:
    """A queue that one thread fills and empties, and that any thread may look at."""

    def __init__(self, retries: Iterable[ScheduledAttempt] = ()) -> None:
        self._heap = list(retries)
        heapq.heapify(self._heap)

    def __len__(self) -> int:
        return len(self._heap)

    def push(self, retry: ScheduledAttempt) -> None:
        """Add a retry, which waits until it is due."""
        heapq.heappush(self._heap, retry)

    def pop(self, busy: Container[str], now: float) -> ScheduledAttempt | None:
        """Take the retry that has been due longest and whose run is not `busy`; None if there is none. `now`: monotonic, in
        seconds."""
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
        """When the next retry of a run that is not `busy` may begin (monotonic, seconds); None if there is none."""
        return min((retry.due for retry in self._heap if retry.run_id not in busy), default=None)

    def due(self) -> list[float]:
        """When each retry may begin (monotonic, seconds), in no particular order."""
        return [retry.due for retry in [*self._heap]]
