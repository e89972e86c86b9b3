"""Opens the engine of a drain: makes it, probes it, and leaves it when the drain ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from batchdrain.drain.engine.probe import Probe
from batchdrain.drain.engine.service import open_engine
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution.delivery import Delivery
from batchdrain.execution.engines.protocol import Capabilities, Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAtWork:
    """An engine that has passed the probe: it does what a drain needs."""

    engine: Engine
    capabilities: Capabilities  #: what the engine can do
    delivery: Delivery | None  #: what a foreign engine calls; None if the guardians are ours


@contextmanager
def open_probed(it: OpenSession, shutdown: Shutdown, notice: Callable[[str], None]) -> Iterator[EngineAtWork]:
    """Open an engine and probe it. Raises ConfigError, FilesUnavailable, EngineUnavailable."""
    with open_engine(it.request.settings, shutdown) as (engine, capabilities):
        delivery = Probe(it, engine, capabilities, shutdown, notice).delivery()
        yield EngineAtWork(engine=engine, capabilities=capabilities, delivery=delivery)
