"""batchdrain drains the failed phases of a SQL database, best one first. The tasks are in batchdrain.collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchdrain.config.settings import Settings
    from batchdrain.model.attempt import Attempt
    from batchdrain.model.errors import BatchDrainError
    from batchdrain.model.lane import Lane
    from batchdrain.model.phase import Phase

__all__ = ["Attempt", "BatchDrainError", "Lane", "Phase", "Settings"]

_HOMES = {
    "Attempt": "batchdrain.model.attempt",
    "BatchDrainError": "batchdrain.model.errors",
    "Lane": "batchdrain.model.lane",
    "Phase": "batchdrain.model.phase",
    "Settings": "batchdrain.config.settings",
}


def __getattr__(name: str) -> object:
    # Imported on first use: `inv --list` loads this package and must not load pydantic.
    if name not in _HOMES:
        raise AttributeError(f"module 'batchdrain' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
