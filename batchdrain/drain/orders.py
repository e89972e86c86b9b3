"""How orders come to an engine, and what is known of their end: with guardians of ours, and with an engine of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass
from typing import Any, Protocol

from batchdrain.drain.in_flight import Running
from batchdrain.execution.engine_result import to_ending
from batchdrain.execution.guardian_pool import execute, withdraw
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.execution.orphans import settle_order


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Nobody must execute the phase now: its claim stays, and recovery settles it."""

    why: str
    until: str = ""  #: when its lease is over, for people; '' where it is, or its guardian tells


Found = Ending | Left | None
"""None: it is not known yet, and asked for again."""


class Orders(Protocol):
    """The orders of one engine."""

    @property
    def poll_s(self) -> float | None:
        """So often is to be looked, beside what futures tell; None: not at all."""

    @property
    def lost(self) -> Sequence[Running]:
        """Those whose future has failed, and whose command may run on."""

    def submit(self, running: Running) -> Future[Any]:
        """To the engine. Raises what it raises."""

    def refused(self, running: Running, what: str) -> Found:
        """The engine raised when it was given the order. It may come to it later all the same."""

    def ended(self, future: Future[Any], running: Running) -> Found:
        """What a future comes to that is done."""

    def look(self, running: Mapping[Future[Any], Running]) -> list[tuple[Running, Ending | Left]]:
        """What has come of orders, whatever their futures tell. `running`: those that are not done."""

    def leave(self) -> None:
        """The drain ends by an error: nothing is waited for beyond the grace time."""


class GuardedOrders:
    """Of an engine whose guardians are ours: they tell of each end, and whoever broke it, the guardian is found and ended."""

    poll_s: float | None = None

    def __init__(self, engine: Any) -> None:
        """`engine`: one whose threads have guardians of ours: what it is given to call is an Order."""
        self._engine: Executor = engine
        self.lost: Sequence[Running] = ()

    def submit(self, running: Running) -> Future[Any]:
        """Nobody else executes it: no ticket is needed."""
        return self._engine.submit(execute, running.order)

    def refused(self, running: Running, what: str) -> Found:
        """One that does not take it may come to it later all the same: then it finds that it was withdrawn."""
        if withdraw(running.order):
            return Ending(by=EndedBy.NOT_TAKEN, message=what)
        return Left(why="it may have begun, or begin yet")

    def ended(self, future: Future[Any], running: Running) -> Found:
        """What a broken engine did with a command is not known: what there is of it on this machine is ended, and the phase
        goes back, as if its controller had died."""
        try:
            return to_ending(future.result())
        except CancelledError:
            return Ending(by=EndedBy.INTERRUPT, message="the engine cancelled it")
        except Exception as error:  # noqa: BLE001 - whatever an engine raises
            ending = settle_order(running.order, running.guardian, error)
            return ending or Left(why=f"processes of it can't be ended ({type(error).__name__}: {error})")

    def look(self, running: Mapping[Future[Any], Running]) -> list[tuple[Running, Ending | Left]]:  # noqa: ARG002
        """Nothing: each future tells."""
        return []

    def leave(self) -> None:
        """Each future tells of its end."""
