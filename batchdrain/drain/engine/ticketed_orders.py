"""The orders of a foreign engine, from their submission to the proof that they are over.

ordered --a delivery draws the ticket--> running --its future has an ending---------------> ended
   |                                        |--its future failed, or its lease is over----> lost
   |--we draw the ticket--> withdrawn: it never began, and goes back as if nothing had been
lost --the spool has its ending | its guardian is dead, on this machine, and its tree is gone--> ended
     --the lease is over | the drain is interrupted, and the grace time over--> left: recovery settles it

An error of a future proves nothing, whatever it says. Until one of the ends above is seen, the claim stays, and its lease is not
renewed. Without a heartbeat that workers hear, no lease is renewed here at all, as nobody would end a command in time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from batchdrain.drain.engine.errors import MOST, EngineErrors
from batchdrain.drain.engine.orders import Found, Left
from batchdrain.drain.engine.remote_heartbeat import RemoteHeartbeat
from batchdrain.drain.in_flight import Running
from batchdrain.drain.stops import Stops
from batchdrain.execution import lost_executions
from batchdrain.execution.delivery import Delivery
from batchdrain.execution.engines.protocol import Engine
from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.execution.guardian_report import UnsoundReportError
from batchdrain.execution.messages import read_answer
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.model.errors import EngineUnavailable
from batchdrain.runtime import clock
from batchdrain.runtime.text import count_of

_POLL_S: Final = 1.0
_SOON_S: Final = 0.2
_AFTER_GRACE_S: Final = 1.5
"""Seconds to see the end of what was ended. With this, everything fits into the time that an interrupted drain may take."""
_SILENCE: Final = "nothing was heard of its end, and its lease is over"
_OTHER_DELIVERY: Final = {EndedBy.TWICE, EndedBy.NOT_TAKEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long an engine is awaited."""

    begins_s: float  #: seconds from the claim to the beginning of a command
    grace_s: float  #: seconds from TERM to KILL
    finish_current: bool  #: whether the first signal lets commands end


class TicketedOrders:
    """The orders of a foreign engine. Whatever it does, no order is executed twice, and none is awaited beyond its lease."""

    def __init__(
        self,
        engine: Engine,
        delivery: Delivery,
        patience: Patience,
        stops: Stops,
        notice: Callable[[str], None],
        told: RemoteHeartbeat | None = None,
    ) -> None:
        """`told`: the heartbeat, if workers hear from it and it hears from them."""
        self._told = told
        self._engine = engine
        self._delivery = delivery
        self._patience = patience
        self._stops = stops
        self._notice = notice
        self._errors = EngineErrors()
        self._lost: dict[str, tuple[Running, str]] = {}  #: by token, with what the engine said
        self._begun: set[str] = set()  #: tokens whose tickets are known to be drawn
        self._leave_at_ms: int | None = None
        self._signals = 0

    @property
    def poll_s(self) -> float:
        """Short if something is awaited that no future tells."""
        return _SOON_S if self._lost or self._leave_at_ms is not None else _POLL_S

    @property
    def is_foreign(self) -> bool:
        return True

    @property
    def lost(self) -> list[Running]:
        return [running for running, _ in self._lost.values()]

    def submit(self, running: Running) -> Future[Any]:
        self._delivery.prepare(running.order.token)
        return self._engine.submit(self._delivery.call, self._delivery.message_of(running.order))

    def refused(self, running: Running, what: str) -> Found:
        if self._delivery.withdraw(running.order.token):
            return Ending(by=EndedBy.NOT_TAKEN, message=what)
        if self._delivery.may_have_begun(running.order.token):
            return self._lose(running, what)
        return Left(why="it may have started, or may start later", until=self._held_until(running))

    def ended(self, future: Future[Any], running: Running) -> Found:
        what, is_error = "it cancelled it", True
        try:
            ending = read_answer(future.result(), running.order)
        except CancelledError:
            pass
        except Exception as error:  # noqa: BLE001 - an engine may raise anything
            what = f"{type(error).__name__}: {error}"
        else:
            if ending.by not in _OTHER_DELIVERY:
                self._errors.clear()
                self._begun.discard(running.order.token)
                return ending
            what, is_error = ending.message, ending.by is EndedBy.NOT_TAKEN
        if is_error:
            self._count(what)
        if self._delivery.withdraw(running.order.token):
            return Ending(by=EndedBy.NOT_TAKEN, message=what)
        return self._lose(running, what)

    def look(self, running: Mapping[Future[Any], Running]) -> list[tuple[Running, Ending | Left]]:
        self._heed_signals()
        waiting = [one for future, one in running.items() if not future.done()]
        found = [(one, end) for one in waiting if (end := self._look_at(one, waiting)) is not None]
        for one, what in list(self._lost.values()):
            end = self._find_end(one, what) or self._left(one)
            if end is not None:
                found.append((one, self._as_interrupted(end)))
                del self._lost[one.order.token]
        return found

    def leave(self) -> None:
        if self._leave_at_ms is None:
            self._leave_in(self._patience.grace_s + _AFTER_GRACE_S)

    def _look_at(self, running: Running, waiting: list[Running]) -> Ending | Left | None:
        """Look at an order whose future is not done."""
        token, now = running.order.token, boottime_ms()
        is_late = now >= running.claimed_ms + self._patience.begins_s * 1000
        if token not in self._begun and (is_late or self._signals or self._leave_at_ms is not None):
            if self._delivery.withdraw(token):
                if is_late:
                    self._count_late(waiting)
                by = EndedBy.INTERRUPT if self._signals else EndedBy.NOT_TAKEN
                return Ending(by=by, message=f"it had not started after {(now - running.claimed_ms) / 1000:.0f} s")
            self._note_begun(token)
        if (told := self._heard_of(running)) is not None:
            return told
        left = self._left(running)
        if isinstance(left, Left):
            return lost_executions.find_end(self._delivery.folder, running.order, left.why) or left
        return left

    def _note_begun(self, token: str) -> None:
        self._begun.add(token)
        if self._told is not None:
            self._told.note_begun(token)

    def _find_end(self, running: Running, what: str) -> Ending | None:
        return self._heard_of(running) or lost_executions.find_end(self._delivery.folder, running.order, what)

    def _heard_of(self, running: Running) -> Ending | None:
        """The ending that its worker reported, whatever became of its future; None if there is none."""
        raw = None if self._told is None else self._told.answer_of(running.order.token)
        if raw is None:
            return None
        try:
            return read_answer(raw, running.order)
        except (UnsoundReportError, OSError):  # a report that can't be used does not count; the lease decides
            return None

    def _lose(self, running: Running, what: str) -> Found:
        self._note_begun(running.order.token)
        end = self._find_end(running, what)
        if end is not None:
            return self._as_interrupted(end)
        self._lost[running.order.token] = (running, what)
        key, until = running.claim.phase.key, self._held_until(running)
        self._notice(f"{key}: the end of its command is waited for, at most until {until}: {what}")
        return None

    def _left(self, running: Running) -> Ending | Left | None:
        """Whether the order is no longer awaited. If workers hear from us, a lease that has ended proves that its guardian has
        ended the command."""
        now, token = boottime_ms(), running.order.token
        if self._told is not None and self._told.is_starved(token):
            self._count(_SILENCE)
            return Ending(by=EndedBy.LOST, message=_SILENCE)
        if self._told is None and now >= (running.held_until_ms or 0):
            return Left(why=_SILENCE)
        if self._leave_at_ms is not None and now >= self._leave_at_ms:
            if self._told is not None:
                self._told.give_up(token)
            return Left(why="its command may run on", until=self._held_until(running))
        return None

    def _as_interrupted(self, end: Ending | Left) -> Ending | Left:
        """A command that a signal ended is given back on purpose."""
        if self._signals and isinstance(end, Ending) and end.by is EndedBy.LOST:
            return Ending(by=EndedBy.INTERRUPT, left_over=end.left_over)
        return end

    def _held_until(self, running: Running) -> str:
        until_ms = running.held_until_ms if self._told is None else self._told.until_ms(running.order.token)
        left_ms = (until_ms or 0) - boottime_ms()
        return clock.to_shown(clock.now() + timedelta(milliseconds=left_ms))

    def _heed_signals(self) -> None:
        """The first signal ends what runs, unless it may finish; the second one kills."""
        count, _ = self._stops.signals
        if count > self._signals:
            if count > 1:
                self._leave_in(_AFTER_GRACE_S)
            elif not self._patience.finish_current:
                self._leave_in(self._patience.grace_s + _AFTER_GRACE_S)
            self._signals = count

    def _leave_in(self, seconds: float) -> None:
        at_ms = boottime_ms() + round(seconds * 1000)
        self._leave_at_ms = at_ms if self._leave_at_ms is None else min(self._leave_at_ms, at_ms)

    def _is_at_work(self, running: Running) -> bool:
        """Whether a worker is on an order. If the order is late, we may have drawn its ticket ourselves."""
        token, is_late = running.order.token, boottime_ms() >= running.claimed_ms + self._patience.begins_s * 1000
        return token in self._begun or (not is_late and self._delivery.may_have_begun(token))

    def _count_late(self, waiting: list[Running]) -> None:
        """Count an order that is late, unless the engine executes others: then it may have to wait."""
        if not any(self._is_at_work(one) for one in waiting):
            self._count(f"nothing of it began within {self._patience.begins_s:g} s: does it have workers?")

    def _count(self, what: str) -> None:
        if self._errors.add(what):
            self._stops.fail(
                EngineUnavailable(
                    f"batchdrain.engine: {count_of(MOST, 'order')} in a row did not start, the last with: {what}",
                    remedy="fix the engine or its workers; phases that did not start were released, and not counted; `inv resume` continues",
                )
            )
