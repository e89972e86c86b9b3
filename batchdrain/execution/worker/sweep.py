"""Kills what is left of a command if its guardian can't: its processes are found by the token in their environment."""

from __future__ import annotations

import contextlib
import os
import signal
import time

from ..guardian import system

_WITHIN_S = 5.0
_BETWEEN_S = 0.01


def sweep(token: str) -> bool:
    """Kill these processes. Returns whether none is left, as far as can be seen."""
    variable, until = f"BATCHDRAIN_TOKEN={token}".encode(), time.monotonic() + _WITHIN_S
    while found := _find(variable):
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() >= until:
            return False
        time.sleep(_BETWEEN_S)
    return True


def _find(variable: bytes) -> list[int]:
    found = []
    for name in os.listdir("/proc") if system.has_proc() else ():
        if name.isdigit() and int(name) != os.getpid():
            with contextlib.suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
                if variable in file.read().split(b"\0"):
                    found.append(int(name))
    return found
