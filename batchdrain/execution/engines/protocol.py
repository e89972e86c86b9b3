"""What an engine is, and what it offers besides `submit`; this is found out once, before the first claim."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from batchdrain.execution.engines.own_threads import interrupt_own
from batchdrain.execution.guardian_pool import GuardianPool


class Engine(Protocol):
    """Every `concurrent.futures.Executor` is an engine. The attributes that `Capabilities` names are optional."""

    def submit(self, call: Callable[[bytes], bytes], message: bytes, /) -> Future[bytes]:
        """Have `call(message)` run once, on any worker; if it runs twice, the second run does nothing. Whatever this raises ends
        the drain with EngineUnavailable. An error of the future does not prove that the command is over."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Like the method of an Executor."""


class Interrupt(Protocol):
    """Ends what runs and what would begin later; `kill`: at once. Safe in a signal handler."""

    def __call__(self, *, kill: bool = False) -> None: ...


class First(Protocol):
    """True for exactly one caller of a token, on any worker or here. Travels to workers."""

    def __call__(self, token: str, /) -> bool: ...


class Tell(Protocol):
    """Executes `call` on every worker now, besides its tasks. Workers that do not answer in time are left out."""

    def __call__(self, call: Callable[[bytes], bytes], message: bytes, /) -> list[bytes]: ...


class Capacity(Protocol):
    """How many commands may run side by side now; None if the engine does not know."""

    def __call__(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What one engine offers; None for what it does not."""

    interrupt: Interrupt  #: the engine's own; else one that ends the commands of its threads in this process
    first: First | None
    tell: Tell | None
    capacity: Capacity | None
    shares_files: bool | None  #: whether workers see the files of this machine under the same paths; None: unknown
    pool: GuardianPool | None  #: the guardians of this machine, if it executes under them


def capabilities_of(engine: object) -> Capabilities:
    """Find out what an engine offers. This uses `hasattr`, as some engines delegate attributes to another one, which a runtime
    protocol check does not see."""
    return Capabilities(
        interrupt=getattr(engine, "interrupt", None) or interrupt_own,
        first=engine.first if hasattr(engine, "first") else None,
        tell=engine.tell if hasattr(engine, "tell") else None,
        capacity=engine.capacity if hasattr(engine, "capacity") else None,
        shares_files=bool(engine.shares_files) if hasattr(engine, "shares_files") else None,
        pool=engine.pool if hasattr(engine, "pool") and isinstance(engine.pool, GuardianPool) else None,
    )
