"""The engine of a drain: made, probed, and left with the drain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from batchdrain.drain.engine_probe import Probe
from batchdrain.drain.engine_service import open_engine
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution.delivery import Delivery
from batchdrain.execution.engines.protocol import Capabilities, Engine


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAtWork:
    """It was found to do what a drain needs."""

    engine: Engine
    capabilities: Capabilities  #: of the engine
    delivery: Delivery | None  #: what an engine of others calls; None where the guardians are ours


@contextmanager
def open_probed(it: OpenSession, shutdown: Shutdown, notice: Callable[[str], None]) -> Iterator[EngineAtWork]:
    """Raises ConfigError, FilesUnavailable, EngineUnavailable."""
    with open_engine(it.request.settings, shutdown) as (engine, capabilities):
        delivery = Probe(it, engine, capabilities, shutdown, notice).delivery()
        yield EngineAtWork(engine=engine, capabilities=capabilities, delivery=delivery)
