"""How orders reach an engine and how their ends become known, for our own guardians and for foreign engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass
from typing import Any, Protocol

from batchdrain.drain.in_flight import Running
from batchdrain.execution.engine_result import to_ending
from batchdrain.execution.engines.local import LocalEngine
from batchdrain.execution.guardian_pool import execute, withdraw
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.execution.orphans import settle_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """An order whose phase nobody may execute now: its claim stays, and recovery settles it."""

    why: str
    until: str = ""  #: when its lease ends, for people; '' if it has ended, or if its guardian tells


Found = Ending | Left | None
"""What is known of the end of an order. None: nothing yet, so it is asked for again."""


class Orders(Protocol):
    """The orders of one engine."""

    @property
    def is_foreign(self) -> bool:
        """Whether the engine may be anybody's code."""

    @property
    def poll_s(self) -> float | None:
        """Seconds between two calls of `look`; None: futures alone tell."""

    @property
    def lost(self) -> Sequence[Running]:
        """The orders whose future has failed, but whose command may run on."""

    def submit(self, running: Running) -> Future[Any]:
        """Give an order to the engine. Raises whatever the engine raises."""

    def refused(self, running: Running, what: str) -> Found:
        """Handle an order on which the engine raised. The engine may still begin it later."""

    def ended(self, future: Future[Any], running: Running) -> Found:
        """What follows from a future that is done."""

    def look(self, running: Mapping[Future[Any], Running]) -> list[tuple[Running, Ending | Left]]:
        """What has become of orders, whatever their futures tell. `running`: those whose futures are not done."""

    def leave(self) -> None:
        """Note that an error ends the drain: nothing is awaited beyond the grace time."""


class GuardedOrders:
    """The orders of an engine with our own guardians. The guardians report each end; if a future fails, the order's guardian is
    found and ended."""

    poll_s: float | None = None

    def __init__(self, engine: Any) -> None:
        """`engine`: one whose threads have our guardians; it is given Orders to call."""
        self._engine: Executor = engine
        self.is_foreign = type(engine) is not LocalEngine  # a class of a user's may have our guardians too
        self.lost: Sequence[Running] = ()

    def submit(self, running: Running) -> Future[Any]:
        """Nobody else executes the order, so no ticket is needed."""
        return self._engine.submit(execute, running.order)

    def refused(self, running: Running, what: str) -> Found:
        """Withdraw the order. An engine that refused it may still come to it later: it then finds that it was withdrawn."""
        if withdraw(running.order):
            return Ending(by=EndedBy.NOT_TAKEN, message=what)
        return Left(why="it may have started, or may start later")

    def ended(self, future: Future[Any], running: Running) -> Found:
        """What a broken engine did with a command is not known. What is left of it on this machine is ended, and the phase goes
        back, as if its controller had died."""
        try:
            return to_ending(future.result()) if self.is_foreign else future.result()
        except CancelledError:
            return Ending(by=EndedBy.INTERRUPT, message="the engine cancelled it")
        except Exception as error:  # noqa: BLE001 - an engine may raise anything
            ending = settle_order(running.order, running.guardian, error)
            return ending or Left(why=f"processes of it can't be ended ({type(error).__name__}: {error})")

    def look(self, running: Mapping[Future[Any], Running]) -> list[tuple[Running, Ending | Left]]:  # noqa: ARG002
        """Empty: each future tells of its end."""
        return []

    def leave(self) -> None:
        """Does nothing: each future tells of its end."""
