"""Ends the commands that threads of this process execute for a foreign engine."""

from __future__ import annotations

import sys
from typing import Final

_REGISTRY: Final = "_batchdrain_workers"
"""The module that holds the runners of a process; the same as REGISTRY in execution/worker/carrier.py."""


def interrupt_own(*, kill: bool = False) -> None:
    """End these commands, and those that begin later. Safe in a signal handler."""
    registry = sys.modules.get(_REGISTRY)
    for runner in () if registry is None else list(registry.runners.values()):
        runner.interrupt(kill=kill)
