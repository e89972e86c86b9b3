"""What an engine is, and what it offers beside `submit`: found out once, before the first claim."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from batchdrain.execution.engines.own_threads import interrupt_own
from batchdrain.execution.guardian_pool import GuardianPool


class Engine(Protocol):
    """Every `concurrent.futures.Executor` is one. The names of `Capabilities` it may have, and need not."""

    def submit(self, call: Callable[[bytes], bytes], message: bytes, /) -> Future[bytes]:
        """Have `call(message)` run, on any worker, once; where it happens twice, the second is nothing. Whatever it raises ends
        the drain with EngineUnavailable. An error of the future is no proof that the command is over."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """As of an Executor."""


class Interrupt(Protocol):
    """Ends what runs, and what would begin later; `kill`: at once. Safe in a signal handler."""

    def __call__(self, *, kill: bool = False) -> None: ...


class First(Protocol):
    """True for exactly one caller of a token, on any worker or here. Travels to workers."""

    def __call__(self, token: str, /) -> bool: ...


class Tell(Protocol):
    """Executes `call` on every worker now, beside its tasks; who does not answer in time is left out."""

    def __call__(self, call: Callable[[bytes], bytes], message: bytes, /) -> list[bytes]: ...


class Capacity(Protocol):
    """How many commands may run side by side now; None where the engine does not know."""

    def __call__(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one engine offers; None where it does not."""

    interrupt: Interrupt  #: its own, else what ends the commands that its threads execute in this process
    first: First | None
    tell: Tell | None
    capacity: Capacity | None
    shares_files: bool | None  #: its workers see the files of this machine under the same paths; None: it does not say
    pool: GuardianPool | None  #: the guardians of this machine, under which it executes


def capabilities_of(engine: object) -> Capabilities:
    """`hasattr`, as some engines hand on what they are asked for to another one: no protocol checked at run time sees that."""
    return Capabilities(
        interrupt=getattr(engine, "interrupt", None) or interrupt_own,
        first=engine.first if hasattr(engine, "first") else None,
        tell=engine.tell if hasattr(engine, "tell") else None,
        capacity=engine.capacity if hasattr(engine, "capacity") else None,
        shares_files=bool(engine.shares_files) if hasattr(engine, "shares_files") else None,
        pool=engine.pool if hasattr(engine, "pool") and isinstance(engine.pool, GuardianPool) else None,
    )
