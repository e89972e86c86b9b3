"""The commands that threads of this process execute for an engine of others."""

from __future__ import annotations

import sys
from typing import Final

_REGISTRY: Final = "_batchdrain_workers"
"""Where what travels to workers keeps the runners of a process: as REGISTRY of execution/worker/carrier.py."""


def interrupt_own(*, kill: bool = False) -> None:
    """End them, and what they begin later. Safe in a signal handler."""
    registry = sys.modules.get(_REGISTRY)
    for runner in () if registry is None else list(registry.runners.values()):
        runner.interrupt(kill=kill)
