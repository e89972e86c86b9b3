"""A drain's look ahead: what it will come to is diagnosed meanwhile, and verdicts are heeded as they arrive.

Whatever fails here is told once, and the drain goes on without it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.screen import Screen
from batchdrain.drain.shutdown import Shutdown
from batchdrain.drain.triage.diagnosis import Diagnosis
from batchdrain.drain.triage.runner import Triage
from batchdrain.model.phase import PhaseKey
from batchdrain.planning.backlog import Backlog
from batchdrain.runtime import clock
from batchdrain.runtime.signals import Cut
from batchdrain.sessions.events import Event
from batchdrain.sessions.record import SessionRecord


class TriageLookahead:
    """`triage`: None for a drain that diagnoses nothing; then nothing here does anything."""

    def __init__(self, triage: Triage | None, backlog: Backlog, record: SessionRecord, screen: Screen, limit: int) -> None:
        self._triage = triage
        self._backlog = backlog
        self._record = record
        self._screen = screen
        self._limit = limit
        self._asked: list[Future[Diagnosis]] = []
        self._told_of_none = False

    def tidy(self) -> None:
        """What nobody will believe again goes out of the ledger."""
        with self._harmless() as triage:
            if triage is not None:
                triage.tidy()

    def look(self, left: int | None) -> None:
        """Diagnose what comes next, at most `left` phases (None: there is no limit to this go)."""
        with contextlib.suppress(Cut), self._harmless() as triage:
            if triage is not None:
                most = self._limit if left is None else min(self._limit, left)
                asked = [triage.ask(phase) for phase in self._backlog.upcoming(most, clock.now())]
                self._asked += [future for future in asked if future is not None]

    def heed(self) -> None:
        """The verdicts that came since: before the next choice."""
        with self._harmless():
            for found in self._arrived():
                self._tell(found)
                if found.verdict is not None:
                    self._backlog.heed(found.verdict, clock.now())

    def leave(self, key: PhaseKey) -> None:
        """The phase is about to be executed."""
        with self._harmless() as triage:
            if triage is not None:
                triage.leave(key)

    def close(self) -> None:
        """End what still runs; what it said meanwhile is told."""
        if self._triage is not None:
            self._triage.close()
        with self._harmless():
            for found in self._arrived():
                self._tell(found)

    def _arrived(self) -> Iterator[Diagnosis]:
        asked, self._asked = self._asked, []
        for future in asked:
            if not future.done():
                self._asked.append(future)
            elif not future.cancelled() and not (found := future.result()).was_ended:
                yield found

    def _tell(self, found: Diagnosis) -> None:
        phase, verdict = found.phase, found.verdict
        self._record.events.write(
            Event.PHASE_DIAGNOSED,
            run_id=phase.run_id,
            phase_id=phase.phase_id,
            verdict=None if verdict is None else verdict.kind.value,
            reason=found.problem if verdict is None else verdict.reason,
            until=None if verdict is None else clock.to_iso(verdict.until),
            duration_s=round(found.duration_s, 3),
        )
        if verdict is not None:
            self._screen.notice(f"Diagnosed {phase.key}: {verdict}")
        elif not self._told_of_none:
            self._told_of_none = True
            self._screen.notice(f"No verdict on {phase.key}: {found.problem}; further ones are in the event log alone")

    @contextmanager
    def _harmless(self) -> Iterator[Triage | None]:
        try:
            yield self._triage
        except Exception as error:  # noqa: BLE001 - a drain does not fail for want of advice
            triage, self._triage, self._asked = self._triage, None, []
            self._screen.notice(_given_up(error))
            if triage is not None:
                triage.close()


@contextmanager
def lookahead_of(
    project: Project, request: DrainRequest, record: SessionRecord, backlog: Backlog, screen: Screen, shutdown: Shutdown
) -> Iterator[TriageLookahead]:
    """For the time of a go. The first signal ends the diagnoses, even where the running phases may end by themselves."""
    triage, session_id = None, record.session.session_id
    if request.triage:
        try:
            triage = Triage(project, request.settings, record.logs.with_name("triage"), session_id)
            shutdown.beside = triage
        except Exception as error:  # noqa: BLE001 - a drain does not fail for want of advice
            screen.notice(_given_up(error))
    lookahead = TriageLookahead(triage, backlog, record, screen, request.settings.triage.limit)
    try:
        lookahead.tidy()
        yield lookahead
    finally:
        lookahead.close()


def _given_up(error: Exception) -> str:
    return f"Triage has ended: {type(error).__name__}: {error}; the drain goes on without it"
