"""Makes an engine and leaves it. A foreign engine may hang in either; an interrupted drain does not wait for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any, Final

from batchdrain.config.plugins import resolve_engine
from batchdrain.config.settings import Settings
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution.engines.protocol import Capabilities, Engine, capabilities_of
from batchdrain.model.errors import BatchDrainError, ConfigError, EngineUnavailable
from batchdrain.runtime import leaving
from batchdrain.runtime.signals import keep_handlers
from batchdrain.runtime.threads import begin

_BOUND_S: Final = 4.5
"""Seconds on top of the grace time. An interrupted drain must be gone within 5 s after the grace time, and its last thread may be a
little late."""
_LEAVES_S: Final = 1.0
_LOOK_S: Final = 0.1


@contextmanager
def open_engine(settings: Settings, shutdown: Shutdown) -> Iterator[tuple[Engine, Capabilities]]:
    """Make and enter the engine. Raises ConfigError, EngineUnavailable."""
    shutdown.bound_s = settings.command.grace_s + _BOUND_S  # the engine's factory may hang too
    engine = _make(settings)
    shutdown.engine = capabilities = capabilities_of(engine)
    if capabilities.pool is not None:
        shutdown.bound_s = None
        with engine:
            yield engine, capabilities
        return
    try:
        entered = engine.__enter__()
        yield entered, capabilities
    except BaseException:
        _leave(engine, shutdown, is_broken=True)
        raise
    else:
        _leave(engine, shutdown, is_broken=False)


def _make(settings: Settings) -> Any:
    with keep_handlers():  # importing its module may set handlers too
        factory = resolve_engine(settings.engine)
    try:
        with keep_handlers():
            return factory(workers=settings.workers, settings=settings)
    except BatchDrainError:
        raise
    except OSError as error:  # the engine can't connect; a timeout is an OSError too
        raise EngineUnavailable(
            f"batchdrain.engine: it can't be reached: {type(error).__name__}: {error}",
            remedy="start what it connects to, then try again; nothing was claimed",
        ) from error
    except Exception as error:
        raise ConfigError(
            f"batchdrain.engine: it can't be made: {type(error).__name__}: {error}",
            remedy="fix it, or its configuration; nothing was claimed",
        ) from error


def _leave(engine: Any, shutdown: Shutdown, *, is_broken: bool) -> None:
    """Leave the engine, which waits for what it executes. If the drain was interrupted or leaves something held, wait at most one
    second; the process then ends without the engine. Raises what the engine's exit raises."""
    failed: list[BaseException] = []

    def end() -> None:
        try:
            engine.__exit__(None, None, None)
        except BaseException as error:  # noqa: BLE001 - raised again by whoever waits
            failed.append(error)

    thread, until = begin(end, "engine-end"), None
    while thread.is_alive() and (until is None or monotonic() < until):
        thread.join(_LOOK_S)
        if until is None and (is_broken or shutdown.signal is not None or shutdown.leaves_held):
            until = monotonic() + _LEAVES_S
    if thread.is_alive():
        leaving.note_hanging()
    if failed:
        raise failed[0]
