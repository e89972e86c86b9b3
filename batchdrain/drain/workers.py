"""What a controller holds: running commands, results that settle, and results whose rows somebody has locked.

Phases of one run never run side by side.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Any, Final

from batchdrain.drain.engine.choice_of_orders import make_orders
from batchdrain.drain.engine.ended_futures import EndedFutures
from batchdrain.drain.engine.orders import Found, Left
from batchdrain.drain.in_flight import Claimed, Ended, Running
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.preparer import Preparer
from batchdrain.drain.recorder import Recorder
from batchdrain.drain.row_states import RowStates
from batchdrain.drain.services import Services
from batchdrain.drain.shutdown_notice import ShutdownNotice
from batchdrain.drain.stops import Stops
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.errors import BatchDrainError, EngineUnavailable
from batchdrain.runtime.standard_streams import keep_standard_streams

_SETTLE_POLL_S: Final = 0.1
_LOCK_POLL_S: Final = 0.5
_TOLD_WITHIN_S: Final = 0.5
_LOOK_S: Final = 0.2
_NEVER: Final = Event()  # nothing sets it
_ANEW: Final = "what was not executed was released; `inv resume` continues with a new engine"


@dataclass(frozen=True, slots=True)
class _Settling:
    ended: Ended
    until: float  #: monotonic, in seconds


class Workers:
    """Gives commands to the engine, and returns them once they have ended."""

    def __init__(
        self,
        it: OpenSession,
        services: Services,
        row_states: RowStates,
        recorder: Recorder,
        stops: Stops,
    ) -> None:
        """An engine that breaks ends the drain, through `stops`."""
        self._preparer = Preparer(it, services)
        self._capabilities = services.executing.capabilities
        self._orders = make_orders(it, services, recorder, stops)
        self._row_states = row_states
        self._recorder = recorder
        self._stops = stops
        self._shutdown_notice = ShutdownNotice(it.request.settings, recorder.notice)
        self._running: dict[Future[Any], Running] = {}
        self._done = EndedFutures()
        self._look_at = 0.0  # monotonic, in seconds
        self._found: deque[tuple[Running, Ending]] = deque()  # kept here, as an error may come before the next is taken
        self._settling: deque[_Settling] = deque()
        self._locked: deque[Ended] = deque()

    @classmethod
    def of_session(cls, it: OpenSession, services: Services, recorder: Recorder, stops: Stops) -> Workers:
        """The workers of a session. Rows are read as its settings say."""
        read, words = it.project.store.read_row_state, services.claims.tables.intermediate
        return cls(it, services, RowStates(it.request.settings.command, read, words, services.outage), recorder, stops)

    def __len__(self) -> int:
        """How many phases are held."""
        return self.occupied + len(self._orders.lost)

    @property
    def occupied(self) -> int:
        """How many phases are held, not counting orders that the engine has lost: those block their own runs, but no worker."""
        return len(self._running) + len(self._found) + len(self._settling) + len(self._locked)

    @property
    def running(self) -> list[Running]:
        """Commands that run now. May be called from any thread."""
        return [*self._running.values()]

    @property
    def busy_runs(self) -> set[str]:
        """The runs of which something is held: no other phase of these may begin."""
        return {running.scheduled.run_id for running in self._held}

    def side_by_side(self) -> Counter[str]:
        """How many phases of each fingerprint are held."""
        return Counter(running.scheduled.choice.failure.fingerprint for running in self._held)

    @property
    def _held(self) -> tuple[Running, ...]:
        ended = (*(entry.ended for entry in self._settling), *self._locked)
        found = (running for running, _ in self._found)
        return (*self._running.values(), *self._orders.lost, *found, *(one.running for one in ended))

    def execute(self, claimed: Claimed) -> None:
        """Submit the command of a claim. Raises FilesUnavailable."""
        running, pool = self._preparer.prepare(claimed), self._capabilities.pool
        if pool is not None and claimed.guardian is not None:
            pool.assign(claimed.guardian, running.order.token)
        self._submit(running)
        # Recorded while the command runs, as the ledger has the claim already.
        self._recorder.claimed(running.claim)
        self._recorder.started(running.scheduled, running.claim, running.limit)
        if not self.have_ended():  # results that wait are recorded first, so that one sync to disk serves them all
            self._recorder.settle()
        if pool is not None:
            pool.prepare()

    def have_ended(self) -> bool:
        """Whether a command has ended whose end `ended` has not yielded yet."""
        return bool(self._done) or bool(self._found)

    def have_failed(self) -> bool:
        """Whether any of these ends is not an exit with 0, so that it may stop the drain once it is recorded."""
        return any(ending.by is not EndedBy.EXIT or ending.exit_code != 0 for _, ending in self._found)

    def ended(self, timeout_s: float | None) -> Iterator[Ended]:
        """Wait at most `timeout_s` seconds (None: for ever) for a command to end, then yield everything that has ended and settled.
        Raises DatabaseUnavailable."""
        if self._settling:
            timeout_s = _SETTLE_POLL_S if timeout_s is None else min(timeout_s, _SETTLE_POLL_S)
        if self._locked:
            timeout_s = _LOCK_POLL_S if timeout_s is None else min(timeout_s, _LOCK_POLL_S)
        if (poll_s := self._orders.poll_s) is not None and (self._running or self._orders.lost):
            timeout_s = poll_s if timeout_s is None else min(timeout_s, poll_s)
        if self._found:  # left by an error
            timeout_s = 0.0
        if self._running:
            self._wait(timeout_s)
        elif timeout_s is not None:  # without a timeout nothing would ever end the wait
            self._pause(timeout_s)
        for _ in range(len(self._locked)):  # one by one: if the conclusion of one raises, the others are still held
            yield self._locked.popleft()
        for _ in range(len(self._settling)):
            entry = self._settling.popleft()
            yield from self._settle(entry.ended.running, entry.ended.ending, entry.until)
        self._collect()
        while self._found:
            yield from self._settle(*self._found.popleft(), None)

    def postpone(self, ended: Ended) -> None:
        """Keep a result whose row is locked; `ended` yields it again later."""
        self._locked.append(ended)

    def end_all(self) -> Iterator[Ended]:
        """End every command, and yield the end of each. One whose row can't be read is left to recovery, with its claim."""
        self._capabilities.interrupt()
        with contextlib.suppress(BatchDrainError):  # the error that ends the drain is the one that is told
            self._shutdown_notice.tell_of_an_error([*self._running.values()])
        self._orders.leave()
        while self._running or self._orders.lost:
            self._done.wait(self._orders.poll_s)
            self._collect()
        endings = [*self._found, *((entry.ended.running, entry.ended.ending) for entry in self._settling)]
        yield from self._locked
        self._found, self._settling, self._locked = deque(), deque(), deque()
        for running, ending in endings:
            with contextlib.suppress(BatchDrainError):
                yield Ended(running=running, ending=ending, row_state=self._row_states.read(running))

    def _collect(self) -> None:
        """Collect what has ended. Now and then each order is also looked at, as the engine may tell nothing of some. An order
        that raises takes no other with it: the others stay in `_done`, or are in `_found` already."""
        is_idle = not self._done
        while (future := self._done.take()) is not None:
            if (running := self._running.pop(future, None)) is not None:
                self._take(running, self._orders.ended(future, running))
        if not is_idle and monotonic() < self._look_at:
            return
        looked, self._look_at = self._orders.look(self._running), monotonic() + _LOOK_S
        over = {id(running) for running, _ in looked}
        if looked:
            self._running = {future: running for future, running in self._running.items() if id(running) not in over}
        for running, end in looked:
            self._take(running, end)

    def _take(self, running: Running, end: Found) -> None:
        if isinstance(end, Ending):
            self._found.append((running, end))
        elif end is not None:
            self._leave(running, end)

    def _pause(self, seconds: float) -> None:
        """Wait at most until a signal comes. Once one has come, another one does not end the wait."""
        if self._stops.is_interrupted:  # perhaps only since `seconds` was computed
            _NEVER.wait(min(seconds, _LOCK_POLL_S))
        else:
            self._stops.wait(seconds)

    def _wait(self, timeout_s: float | None) -> None:
        """Wait until something has ended, in short pieces: a handler may not print, so signals are told in between."""
        until = None if timeout_s is None else monotonic() + timeout_s
        while True:
            self._shutdown_notice.tell(*self._stops.signals, [*self._running.values()], self._stops.asked)
            left_s = None if until is None else until - monotonic()
            piece_s = _TOLD_WITHIN_S if left_s is None else max(0.0, min(left_s, _TOLD_WITHIN_S))
            has_ended = self._done.wait(piece_s)
            if has_ended or self._stops.has_news or (left_s is not None and left_s <= _TOLD_WITHIN_S):
                return
            self._shutdown_notice.tell_of_a_stop(self._stops.stopped, [*self._running.values()])

    def _submit(self, running: Running) -> None:
        """Submit a command to the engine."""
        try:
            with keep_standard_streams() if self._orders.is_foreign else contextlib.nullcontext():
                future = self._orders.submit(running)
                self._done.follow(future)
                self._running[future] = running
        except Exception as error:  # noqa: BLE001 - an engine may raise anything
            what = f"{type(error).__name__}: {error}"
            self._stops.fail(EngineUnavailable(f"batchdrain.engine: it takes no commands: {what}", remedy=_ANEW))
            found = self._orders.refused(running, what)
            if isinstance(found, Ending):
                self._settling.append(_Settling(Ended(running=running, ending=found, row_state=None), 0.0))
            elif isinstance(found, Left):
                self._leave(running, found)

    def _leave(self, running: Running, left: Left) -> None:
        """Leave a phase that nobody may execute now: its claim stays, and recovery gives it back once its command is gone."""
        self._stops.note_held()
        until = f" until {left.until}, or until its end is found" if left.until else ""
        if not self._stops.is_interrupted:
            self._stops.fail(EngineUnavailable(f"batchdrain.engine: {left.why}", remedy=_ANEW))
        self._recorder.notice(f"{running.claim.phase.key} stays held{until}: {left.why}; `inv recover` settles it")

    def _settle(self, running: Running, ending: Ending, until: float | None) -> Iterator[Ended]:
        """Yield the end once the table says something new, or once the time for that is over. `until`: monotonic; None at the first
        look, which may have waited for the database, so the time counts from its end."""
        row_state = self._row_states.read(running)
        until = monotonic() + self._row_states.settle_s if until is None else until
        ended = Ended(running=running, ending=ending, row_state=row_state)
        if monotonic() < until and self._row_states.may_change(running, ending, row_state):
            self._settling.append(_Settling(ended, until))
        else:
            yield ended
