"""What this controller holds: commands that run, results that settle, and results whose row is locked by somebody.

Phases of one run never stand side by side.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Future, wait
from dataclasses import dataclass
from time import monotonic
from typing import Final

from batchdrain.drain.in_flight import Claimed, Ended, Running
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.row_states import RowStates
from batchdrain.drain.services import Services
from batchdrain.drain.shutdown_notice import ShutdownNotice
from batchdrain.drain.stops import Stops
from batchdrain.execution.command import SessionPlace, make_order
from batchdrain.execution.engine_result import to_ending
from batchdrain.execution.file_names import LogFolder
from batchdrain.execution.guardian_pool import execute, withdraw
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.execution.orphans import settle_order
from batchdrain.model.errors import BatchDrainError, EngineUnavailable
from batchdrain.runtime.standard_streams import keep_standard_streams

_SETTLE_POLL_S: Final = 0.1
_LOCK_POLL_S: Final = 0.5
_TOLD_WITHIN_S: Final = 0.5
_ANEW: Final = "what was not executed was given back; `inv resume` goes on with an engine that is made anew"


@dataclass(frozen=True, slots=True)
class _Settling:
    ended: Ended
    until: float  #: monotonic


class Workers:
    """Commands are given to the engine, and come back ended."""

    def __init__(
        self,
        it: OpenSession,
        services: Services,
        row_states: RowStates,
        recorder: Recorder,
        stops: Stops,
    ) -> None:
        """An engine that breaks ends the drain by `stops`."""
        self._record = it.record
        self._command = it.request.settings.command
        self._place = SessionPlace(
            session_id=it.record.session.session_id,
            root=it.project.root,
            logs=LogFolder(it.record.logs.absolute(), it.record.recorded_logs),
            spool=it.record.spool.absolute(),
        )
        self._engine = services.engine
        self._capabilities = services.capabilities
        self._row_states = row_states
        self._recorder = recorder
        self._stops = stops
        self._shutdown_notice = ShutdownNotice(it.request.settings, recorder.notice)
        self._running: dict[Future[Ending], Running] = {}
        self._settling: deque[_Settling] = deque()
        self._locked: deque[Ended] = deque()

    def __len__(self) -> int:
        return len(self._running) + len(self._settling) + len(self._locked)

    @property
    def busy_runs(self) -> set[str]:
        """The runs of which something is held: no phase of theirs may be begun."""
        ended = (*(entry.ended for entry in self._settling), *self._locked)
        return {running.scheduled.run_id for running in (*self._running.values(), *(one.running for one in ended))}

    def side_by_side(self) -> Counter[str]:
        """How many phases of each fingerprint run now."""
        return Counter(running.scheduled.choice.failure.fingerprint for running in self._running.values())

    def execute(self, claimed: Claimed) -> None:
        """Submit the command of a claim."""
        running, pool = self._prepare(claimed), self._capabilities.pool
        if pool is not None and claimed.guardian is not None:
            pool.assign(claimed.guardian, running.order.token)
        self._submit(running)
        # Written while the command runs: the ledger has the claim already.
        self._recorder.claimed(running.claim)
        self._recorder.started(running.scheduled, running.claim, running.limit)
        if pool is not None:
            pool.prepare()

    def ended(self, timeout_s: float | None) -> Iterator[Ended]:
        """Wait for the next command to end, at most so long; then everything that has ended and settled."""
        if self._settling:
            timeout_s = _SETTLE_POLL_S if timeout_s is None else min(timeout_s, _SETTLE_POLL_S)
        if self._locked:
            timeout_s = _LOCK_POLL_S if timeout_s is None else min(timeout_s, _LOCK_POLL_S)
        if self._running:
            done = self._wait(timeout_s)
        else:
            done = set()
            if timeout_s is not None:  # else nothing would ever end the wait
                self._stops.wait(timeout_s)
        locked, self._locked = self._locked, deque()
        yield from locked
        settling, self._settling = self._settling, deque()
        for entry in settling:
            yield from self._settle(entry.ended.running, entry.ended.ending, entry.until)
        for future in done:
            running = self._running.pop(future)
            ending = self._ending_of(future, running)
            if ending is not None:
                yield from self._settle(running, ending, None)

    def postpone(self, ended: Ended) -> None:
        """Its row is locked: it comes again with what `ended` gives later."""
        self._locked.append(ended)

    def end_all(self) -> Iterator[Ended]:
        """End every command, and give what came of each."""
        self._capabilities.interrupt()
        with contextlib.suppress(BatchDrainError):  # the error that ends the drain is the one that is told
            self._shutdown_notice.tell_of_an_error([*self._running.values()])
        wait(self._running)
        endings = [(running, self._ending_of(future, running)) for future, running in self._running.items()]
        endings += [(entry.ended.running, entry.ended.ending) for entry in self._settling]
        yield from self._locked
        self._running, self._settling, self._locked = {}, deque(), deque()
        for running, ending in endings:
            if ending is not None:
                yield Ended(running=running, ending=ending, row_state=self._row_states.read(running))

    def _wait(self, timeout_s: float | None) -> set[Future[Ending]]:
        """What has ended by then. In pieces: a handler may not print, and a signal is told of while commands end."""
        until = None if timeout_s is None else monotonic() + timeout_s
        while True:
            self._shutdown_notice.tell(*self._stops.signals, [*self._running.values()])
            left_s = None if until is None else until - monotonic()
            piece_s = _TOLD_WITHIN_S if left_s is None else max(0.0, min(left_s, _TOLD_WITHIN_S))
            done, _ = wait(self._running, timeout=piece_s, return_when=FIRST_COMPLETED)
            if done or (left_s is not None and left_s <= _TOLD_WITHIN_S):
                return done
            self._shutdown_notice.tell_of_a_stop(self._stops.stopped, [*self._running.values()])

    def _prepare(self, claimed: Claimed) -> Running:
        """The order of a claim, and where its output goes."""
        limit, shorten = claimed.limit, self._record.shorten
        order = make_order(claimed.claim, self._command, self._place, limit=limit, deadline_ms=claimed.deadline_ms)
        return Running(
            scheduled=claimed.scheduled,
            claim=claimed.claim,
            order=order,
            guardian=None if claimed.guardian is None else claimed.guardian.identity,
            limit=limit,
            paths=(shorten(order.stdout_path), shorten(order.stderr_path)),
        )

    def _submit(self, running: Running) -> None:
        """To the engine. One that does not take it may come to it later all the same: then it finds that it was withdrawn."""
        try:
            with keep_standard_streams():  # the engine may not be ours
                self._running[self._engine.submit(execute, running.order)] = running
        except Exception as error:  # noqa: BLE001 - whatever an engine raises
            what = f"{type(error).__name__}: {error}"
            self._stops.fail(EngineUnavailable(f"batchdrain.engine: it takes no commands: {what}", remedy=_ANEW))
            if withdraw(running.order):
                refused: Future[Ending] = Future()
                refused.set_result(Ending(by=EndedBy.NOT_TAKEN, message=what))
                self._running[refused] = running
            else:
                self._leave(running, "it may have begun, or begin yet")

    def _leave(self, running: Running, why: str) -> None:
        """Nobody must execute the phase now: its claim stays, and recovery gives it back once nothing of it is left."""
        self._stops.fail(EngineUnavailable(f"batchdrain.engine: {why}", remedy=_ANEW))
        self._recorder.notice(f"{running.claim.phase.key} stays held: {why}; `inv recover` settles it")

    def _settle(self, running: Running, ending: Ending, until: float | None) -> Iterator[Ended]:
        """The end, once the table says something new, or the time for that is over. `until`: None at the first look, which may
        have had to wait for the database: the time is counted from its end."""
        row_state = self._row_states.read(running)
        until = monotonic() + self._row_states.settle_s if until is None else until
        ended = Ended(running=running, ending=ending, row_state=row_state)
        if monotonic() < until and self._row_states.may_change(running, ending, row_state):
            self._settling.append(_Settling(ended, until))
        else:
            yield ended

    def _ending_of(self, future: Future[Ending], running: Running) -> Ending | None:
        """What a broken engine did with a command is not known: what there is of it on this machine is ended, and the phase
        goes back, as if its controller had died. None where it can't be ended: its claim stays."""
        try:
            return to_ending(future.result())
        except CancelledError:
            return Ending(by=EndedBy.INTERRUPT, message="the engine cancelled it")
        except Exception as error:  # noqa: BLE001 - whatever an engine raises
            ending = settle_order(running.order, running.guardian, error)
            if ending is None:
                self._leave(running, f"processes of it can't be ended ({type(error).__name__}: {error})")
            return ending
