"""The doctor's checks of the engine: whether it can be made, and what it reports about itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Final

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.config.plugins import resolve_engine
from batchdrain.config.settings import Settings
from batchdrain.drain.engine.service import open_engine
from batchdrain.drain.shutdown import Shutdown
from batchdrain.execution.engines.examined import Examined
from batchdrain.model.errors import BatchDrainError

_LOCAL: Final = "local"


def check_engine(settings: Settings) -> Iterator[Finding]:
    """Import the engine that the settings name. One that is not ours is made and closed, to see that it connects."""
    try:
        examined = _examine(settings)
    except BatchDrainError as error:
        yield Finding("engine", ok=False, message=error.message, cure=error.remedy, code=error.exit_code)
        return
    except OSError as error:
        yield Finding("engine", ok=False, message=f"it does not answer: {error}", cure="read its log", code=75)
        return
    yield Finding("engine", ok=True, message="loads")
    for one in examined:
        cure = one.cure if one.is_warning or not one.ok else ""
        yield Finding("engine", ok=one.ok, is_warning=one.is_warning, message=one.message, cure=cure, code=75)
    if settings.engine == _LOCAL and settings.engine_options:
        yield Finding(
            "engine_options", ok=True, is_warning=True, message="has no effect with engine: local",
            cure="remove it, or set the engine that it is for",
        )  # fmt: skip


def _examine(settings: Settings) -> list[Examined]:
    """Make the engine and let it examine itself. Raises BatchDrainError and OSError."""
    if settings.engine == _LOCAL:
        resolve_engine(settings.engine)
        return []
    shutdown = Shutdown()
    shutdown.leaves_held = True  # it holds nothing, so if it hangs at its end nobody waits for it
    with closing(shutdown.wake), open_engine(settings, shutdown) as (engine, _):
        return list(engine.examine()) if hasattr(engine, "examine") else []
