"""The identity of a process on its machine, by which a later controller can tell whether it still lives.

An identity is (boot, pid namespace, time namespace, pid, start time). A pid alone is reused, and means another process in a
container; a start time differs if it is seen from another time namespace.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from batchdrain.execution.guardian import system
from batchdrain.execution.process_tree import ProcessHandles


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process among all that ever were, on all machines."""

    host_id: str  #: boot id, pid and time namespace; the host's name if there is no /proc
    pid: int
    start: int  #: clock ticks since boot; milliseconds since 1970 if there is no /proc


@cache
def read_host_id() -> str:
    """The identity of this boot, pid namespace and time namespace, at most 64 characters. Two containers of one host are two hosts.

    This is our own namespace, not that of our children. If they differ, after an `unshare` without an exec, no guardian is
    accepted.
    """
    return system.host_id()


def is_here(host_id: str) -> bool:
    """Whether an identity belongs to this machine as we see it. If we can't see processes, none does.

    Identities that were stored before the time namespace was a part of them name none. They count as ours, because a claim with
    such an identity would otherwise wait for its lease; `is_alive` handles what can't be compared then.
    """
    ours = read_host_id()
    return sees_processes() and (host_id == ours or _names_no_time(host_id, ours))


def _names_no_time(host_id: str, ours: str) -> bool:
    return ours.count(":") > 1 and ours.rpartition(":")[0] == host_id


def _time_namespace_of(process: str) -> int | None:
    """The time namespace; None if the kernel has none, or does not tell."""
    try:
        return Path(f"/proc/{process}/ns/time").stat().st_ino
    except OSError:
        return None


def sees_processes() -> bool:
    """Whether the system shows us other processes. Linux does so only through /proc."""
    return has_proc() or sys.platform != "linux"


@cache
def has_proc() -> bool:
    """Whether there is a /proc of our own pid namespace. In that of another one, each number would mean another process."""
    try:
        return str(Path("/proc/self").readlink()) == str(os.getpid())
    except OSError:
        return False


def start_of(pid: int) -> int | None:
    """When the process started; None if there is none, or only a zombie."""
    fields = stat_of(pid)
    if fields:
        return int(fields[19])
    return None if has_proc() or not sees_processes() else _start_by_psutil(pid)


def stat_of(pid: int) -> list[bytes]:
    """The fields of /proc/pid/stat from the state on; empty if there is no process, or only a zombie."""
    if not has_proc():
        return []
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return []
    fields = stat[stat.rfind(b")") + 2 :].split()
    return [] if fields[0] in {b"Z", b"X"} else fields


def _start_by_psutil(pid: int) -> int | None:
    import psutil  # heavy, and needed only without a /proc

    try:
        return round(psutil.Process(pid).create_time() * 1000)
    except psutil.Error:
        return None


def identify_self() -> ProcessIdentity:
    """The identity of the calling process."""
    return ProcessIdentity(read_host_id(), os.getpid(), start_of(os.getpid()) or 0)


def is_alive(identity: ProcessIdentity) -> bool | None:
    """Whether the process still runs. None if that can't be told: it belongs to another host, or to a user whose processes are
    hidden from us; or its identity names no time namespace, and a process with its pid lives in another one than ours."""
    if not is_here(identity.host_id):
        return None
    start = start_of(identity.pid)
    if start is None and _is_hidden(identity.pid):
        return None
    if start is not None and start != identity.start and _names_no_time(identity.host_id, read_host_id()):
        return False if _time_namespace_of(str(identity.pid)) == _time_namespace_of("self") else None
    return start == identity.start


def _is_hidden(pid: int) -> bool:
    """Whether there is a process of which /proc shows us nothing (hidepid). It belongs to another user then."""
    try:
        Path(f"/proc/{pid}/stat").read_bytes()
    except PermissionError:
        return True
    except OSError:
        pass
    else:
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        pass
    return False


def hides_others() -> bool:
    """Whether other users' processes are hidden from us (hidepid). This looks at process 1, which always exists."""
    return has_proc() and _is_hidden(1)


def await_end(identity: ProcessIdentity, within_s: float) -> bool:
    """Wait for a process of this machine to end. Returns whether it is known to have ended in time."""
    with ProcessHandles([identity.pid]) as watched:
        if is_alive(identity) is False:
            return True
        watched.await_end(within_s)
    return is_alive(identity) is False


def kill(identity: ProcessIdentity) -> None:
    """KILL exactly this process. It is first held by a handle, and then checked to be the right one."""
    with ProcessHandles([identity.pid]) as held:
        if is_alive(identity):
            held.send(signal.SIGKILL)
