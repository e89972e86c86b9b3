"""Who a controller is on its machine, so that a later one can tell whether it still lives.

An identity is (boot, pid namespace, pid, start time): a pid alone is reused, and means another process in a container.
"""

from __future__ import annotations

import os
import signal
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from batchdrain.execution.process_tree import ProcessHandles


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process among all that ever were, on all machines."""

    host_id: str  #: boot id and pid namespace; the host's name where there is no /proc
    pid: int
    start: int  #: clock ticks since boot; milliseconds since 1970 where there is no /proc


@cache
def read_host_id() -> str:
    """Of this boot and pid namespace, at most 64 characters: two containers of one host are two hosts."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"[:64]
    except OSError:
        return socket.gethostname()[:64]


def start_of(pid: int) -> int | None:
    """When the process started; None when there is none, or only a zombie."""
    fields = stat_of(pid)
    if fields:
        return int(fields[19])
    return None if Path("/proc/self").exists() else _start_by_psutil(pid)


def stat_of(pid: int) -> list[bytes]:
    """The fields of /proc/pid/stat from the state on; [] when there is no process, or only a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return []
    fields = stat[stat.rfind(b")") + 2 :].split()
    return [] if fields[0] in {b"Z", b"X"} else fields


def _start_by_psutil(pid: int) -> int | None:
    try:
        return round(psutil.Process(pid).create_time() * 1000)
    except psutil.Error:
        return None


def identify_self() -> ProcessIdentity:
    """Of the process that calls."""
    return ProcessIdentity(read_host_id(), os.getpid(), start_of(os.getpid()) or 0)


def is_alive(identity: ProcessIdentity) -> bool | None:
    """Whether the process still runs; None when we can't tell: it belongs to another host, or to a user whose processes
    are hidden from us."""
    if identity.host_id != read_host_id():
        return None
    start = start_of(identity.pid)
    if start is None and _is_hidden(identity.pid):
        return None
    return start == identity.start


def _is_hidden(pid: int) -> bool:
    """Whether there is a process that /proc does not show (hidepid): it is then another user's."""
    if Path(f"/proc/{pid}").exists():
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def await_end(identity: ProcessIdentity, within_s: float) -> bool:
    """Wait for a process of this machine to end. Returns whether it is known to have, in time."""
    with ProcessHandles([identity.pid]) as watched:
        if is_alive(identity) is False:
            return True
        watched.await_end(within_s)
    return is_alive(identity) is False


def kill(identity: ProcessIdentity) -> None:
    """KILL exactly this process: held by a handle before it is known to be the one."""
    with ProcessHandles([identity.pid]) as held:
        if is_alive(identity):
            held.send(signal.SIGKILL)
