"""Everything below a command, and its end."""

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
    """The command and whatever descends from it. The guardian is their reaper: while it has children, some live."""

    def __init__(self, command: int, *, adopts: bool) -> None:
        """`adopts`: orphans among the descendants become children of this process, as Linux can do it."""
        self.command = command
        self._adopts = adopts
        self.status: int | None = None  #: of the command, as wait gives it
        self.usage: resource.struct_rusage | None = None
        self.met = 0  #: processes beside the command that had to be killed
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
                if not self._adopts:  # what it left behind is nobody's child now: its group is all that we know it by
                    with contextlib.suppress(OSError):
                        os.killpg(self.command, signal.SIGKILL)
        return False

    def terminate(self) -> None:
        """TERM to the command's group, and to every descendant that left it."""
        self._signal_group(signal.SIGTERM)
        for pid in system.descendants_of(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGTERM)

    def kill(self, within_s: float) -> bool:
        """KILL until none is left. Returns whether that came true in time: a process in the kernel can't be killed.

        The pids can't be reused meanwhile: a child's stays taken until we reap it, and we do so only between two looks.
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
        """While the command is unreaped, or has living group members, its group's number belongs to it."""
        if self.status is None:
            with contextlib.suppress(OSError):
                os.killpg(self.command, number)
