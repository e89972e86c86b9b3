"""Tells whether a failure is one that people have accepted. Such a failure is shown as known."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from time import monotonic

from batchdrain.drain.open_session import OpenSession
from batchdrain.model.attempt import Attempt
from batchdrain.model.errors import DatabaseUnavailable
from batchdrain.model.phase import Skip
from batchdrain.planning.acceptances import Acceptances, acceptances


class KnownFailures:
    """Reads the acceptances at the first failure, and again after `refresh_s` seconds. If the database does not answer, those read
    before count."""

    def __init__(self, read: Callable[[], Acceptances | None], refresh_s: float) -> None:
        self._read = read
        self._refresh_s = refresh_s
        self._read_at: float | None = None
        self._accepted: Acceptances | None = None

    @classmethod
    def of_session(cls, it: OpenSession) -> KnownFailures:
        """The known failures of the session's ledger."""
        return cls(lambda: acceptances(it.project.store), it.request.settings.refresh_s)

    def skip_of(self, attempt: Attempt) -> Skip | None:
        """Why the phase would be skipped now that it failed like this; None if nobody has accepted that failure."""
        now = monotonic()
        if self._read_at is None or now - self._read_at >= self._refresh_s:
            self._read_at = now
            with contextlib.suppress(DatabaseUnavailable):
                self._accepted = self._read()
        return None if self._accepted is None else self._accepted.skip(attempt.phase.key, attempt.failure)
