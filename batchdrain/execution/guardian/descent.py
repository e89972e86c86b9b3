"""The processes that descend from a command, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import time
from typing import Final

from batchdrain.execution.guardian import system

_BETWEEN_S: Final = 0.005


class Descent:
    """The command and whatever descends from it. The guardian reaps them: while it has children, some are alive."""

    def __init__(self, command: int, *, adopts: bool) -> None:
        """`adopts`: whether orphaned descendants become children of this process, which Linux can do."""
        self.command = command
        self._adopts = adopts
        self.status: int | None = None  #: the command's status, as wait returns it
        self.usage: resource.struct_rusage | None = None
        self.met = 0  #: processes besides the command that had to be killed
        self._over = False

    def reap(self) -> bool:
        """Collect whoever has ended. Returns whether anybody is left."""
        while not self._over:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                self._over = True
                break
            if pid == 0:
                return True
            if pid == self.command:
                self.status, self.usage = status, usage
                if not self._adopts:  # what the command left behind has no parent here: it is known only by its group
                    with contextlib.suppress(OSError):
                        os.killpg(self.command, signal.SIGKILL)
        return False

    def terminate(self) -> None:
        """Send TERM to the command's group, and to every descendant that left the group."""
        self._signal_group(signal.SIGTERM)
        for pid in system.descendants_of(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)

    def kill(self, within_s: float) -> bool:
        """Send KILL until nothing is left. Returns whether that succeeded in time: a process inside the kernel can't be killed.

        The pids can't be reused meanwhile: that of a child stays taken until it is reaped, which happens only between two looks.
        """
        deadline = time.monotonic() + within_s
        met: set[int] = set()
        self._signal_group(signal.SIGKILL)
        while self.reap():
            found = system.descendants_of(os.getpid())
            met.update(found)
            for pid in found:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            if time.monotonic() >= deadline:
                break
            time.sleep(_BETWEEN_S)
        self.met += len(met - {self.command})
        return self._over

    def _signal_group(self, number: int) -> None:
        """Signal the command's group. Its number belongs to the command until the command is reaped."""
        if self.status is None:
            with contextlib.suppress(OSError):
                os.killpg(self.command, number)
