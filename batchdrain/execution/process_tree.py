"""Handles of processes, which never hit a process that has reused a pid."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:  # heavy, and needed only without pidfds
    import psutil


class ProcessHandles:
    """Some processes, held by pidfds if the system has them. A zombie that nobody collects counts as ended."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._fds: list[int] = []
        self._handles: list[psutil.Process] = []
        for pid in pids:
            with contextlib.suppress(OSError, OverflowError):
                if hasattr(os, "pidfd_open"):
                    self._fds.append(os.pidfd_open(pid))
                else:
                    self._handles += _handle_of(pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the handles."""
        while self._fds:
            os.close(self._fds.pop())

    def send(self, number: signal.Signals) -> None:
        """Send a signal to each process, except to those that have ended or are another user's."""
        for fd in self._fds:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                signal.pidfd_send_signal(fd, number)
        for handle in self._handles:
            _send(handle, number)

    def await_end(self, within_s: float) -> bool:
        """Whether all have ended, waiting at most `within_s` seconds."""
        deadline = time.monotonic() + within_s
        for fd in self._fds:
            watch = select.poll()
            watch.register(fd, select.POLLIN)
            if not watch.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return False
        return not self._handles or _await_all(self._handles, max(0.0, deadline - time.monotonic()))


def _handle_of(pid: int) -> list[psutil.Process]:
    """A handle in a list; empty if there is no such process."""
    import psutil

    try:
        return [psutil.Process(pid)]
    except psutil.Error:
        return []


def _send(handle: psutil.Process, number: signal.Signals) -> None:
    import psutil

    with contextlib.suppress(psutil.Error):
        handle.send_signal(number)  # psutil compares the start time first


def _await_all(handles: list[psutil.Process], within_s: float) -> bool:
    import psutil

    return not psutil.wait_procs(handles, timeout=within_s)[1]
