"""The look-ahead of a drain: phases that come next are diagnosed meanwhile, and verdicts count as soon as they arrive.

Whatever fails here is told once, and the drain goes on without diagnoses.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.triage.diagnosis import Diagnosis
from batchdrain.drain.triage.runner import Triage
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.backlog import Backlog
from batchdrain.runtime import clock
from batchdrain.runtime.signals import Cut


class TriageLookahead:
    """`triage`: None if the drain diagnoses nothing; then no method does anything."""

    def __init__(self, triage: Triage | None, backlog: Backlog, recorder: Recorder, limit: int) -> None:
        self._triage = triage
        self._backlog = backlog
        self._recorder = recorder
        self._limit = limit
        self._asked: list[Future[Diagnosis]] = []

    def tidy(self) -> None:
        """Remove expired verdicts from the ledger."""
        with self._harmless() as triage:
            if triage is not None:
                triage.tidy()

    def submit(self, left: int | None) -> None:
        """Diagnose the phases that come next, at most `left` (None: no limit)."""
        with contextlib.suppress(Cut), self._harmless() as triage:
            if triage is not None:
                most = self._limit if left is None else min(self._limit, left)
                asked = [triage.ask(phase) for phase in self._backlog.upcoming(most, clock.now())]
                self._asked += [future for future in asked if future is not None]

    def apply(self) -> None:
        """Apply the verdicts that arrived since; to be called before the next choice."""
        with self._harmless():
            for found in self._arrived():
                self._recorder.diagnosed(found)
                if found.verdict is not None:
                    self._backlog.apply(found.verdict, clock.now())

    def cancel(self, key: PhaseKey) -> None:
        """End the diagnosis of a phase that is about to be executed."""
        with self._harmless() as triage:
            if triage is not None:
                triage.cancel(key)

    def close(self) -> None:
        """End what still runs, and tell the diagnoses that arrived."""
        if self._triage is not None:
            self._triage.close()
        with self._harmless():
            for found in self._arrived():
                self._recorder.diagnosed(found)

    def _arrived(self) -> Iterator[Diagnosis]:
        asked, self._asked = self._asked, []
        for future in asked:
            if not future.done():
                self._asked.append(future)
            elif not future.cancelled() and not (found := future.result()).was_ended:
                yield found

    @contextmanager
    def _harmless(self) -> Iterator[Triage | None]:
        try:
            yield self._triage
        except Exception as error:  # noqa: BLE001 - a drain does not fail for want of advice
            triage, self._triage, self._asked = self._triage, None, []
            self._recorder.notice(_given_up(error))
            if triage is not None:
                triage.close()


@contextmanager
def open_lookahead(it: OpenSession, recorder: Recorder, shutdown: Shutdown) -> Iterator[TriageLookahead]:
    """Look ahead for the time of a drain. The first signal ends the diagnoses, even if running phases may end by themselves."""
    request, record = it.request, it.record
    triage, session_id = None, record.session.session_id
    if request.triage:
        try:
            triage = Triage(it.project, request.settings, record.logs.with_name("triage"), session_id)
            shutdown.beside = triage
        except Exception as error:  # noqa: BLE001 - a drain does not fail for want of advice
            recorder.notice(_given_up(error))
    lookahead = TriageLookahead(triage, it.backlog, recorder, request.settings.triage.limit)
    try:
        lookahead.tidy()
        yield lookahead
    finally:
        lookahead.close()


def _given_up(error: Exception) -> str:
    return f"Triage has ended: {type(error).__name__}: {error}; the drain continues without it"
