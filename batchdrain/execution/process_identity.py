"""Who a controller is on its machine, so that a later one can tell whether it still lives.

An identity is (boot, pid namespace, time namespace, pid, start time): a pid alone is reused, and means another process in
a container; a start time is another one as seen from another time namespace.
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

    host_id: str  #: boot id, pid and time namespace; the host's name where there is no /proc
    pid: int
    start: int  #: clock ticks since boot; milliseconds since 1970 where there is no /proc


@cache
def read_host_id() -> str:
    """Of this boot, pid namespace and time namespace, at most 64 characters: two containers of one host are two hosts.

    Ours, not that of our children: where they differ, after an `unshare` without an exec, no guardian is taken on.
    """
    return system.host_id()


def is_here(host_id: str) -> bool:
    """Whether an identity is of this machine as we see it.

    Those that were stored before the time namespace was a part of it name none: they count as ours, as else a claim of
    theirs would wait for its lease. What can't be compared then, `is_alive` says. Where we see no processes, none is of here.
    """
    ours = read_host_id()
    return sees_processes() and (host_id == ours or _names_no_time(host_id, ours))


def _names_no_time(host_id: str, ours: str) -> bool:
    return ours.count(":") > 1 and ours.rpartition(":")[0] == host_id


def _time_namespace_of(process: str) -> int | None:
    """None where the kernel has none, or does not tell."""
    try:
        return Path(f"/proc/{process}/ns/time").stat().st_ino
    except OSError:
        return None


def sees_processes() -> bool:
    """Whether the system tells us of other processes: Linux does so by /proc alone."""
    return has_proc() or sys.platform != "linux"


@cache
def has_proc() -> bool:
    """Whether there is a /proc, and of our own pid namespace: in another one's each number means another process."""
    try:
        return str(Path("/proc/self").readlink()) == str(os.getpid())
    except OSError:
        return False


def start_of(pid: int) -> int | None:
    """When the process started; None when there is none, or only a zombie."""
    fields = stat_of(pid)
    if fields:
        return int(fields[19])
    return None if has_proc() or not sees_processes() else _start_by_psutil(pid)


def stat_of(pid: int) -> list[bytes]:
    """The fields of /proc/pid/stat from the state on; [] when there is no process, or only a zombie."""
    if not has_proc():
        return []
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return []
    fields = stat[stat.rfind(b")") + 2 :].split()
    return [] if fields[0] in {b"Z", b"X"} else fields


def _start_by_psutil(pid: int) -> int | None:
    import psutil  # heavy, and needed where there is no /proc alone

    try:
        return round(psutil.Process(pid).create_time() * 1000)
    except psutil.Error:
        return None


def identify_self() -> ProcessIdentity:
    """Of the process that calls."""
    return ProcessIdentity(read_host_id(), os.getpid(), start_of(os.getpid()) or 0)


def is_alive(identity: ProcessIdentity) -> bool | None:
    """Whether the process still runs; None when we can't tell: it belongs to another host, or to a user whose processes
    are hidden from us; or its identity names no time namespace, and a process with its number lives in another one than we
    do."""
    if not is_here(identity.host_id):
        return None
    start = start_of(identity.pid)
    if start is None and _is_hidden(identity.pid):
        return None
    if start is not None and start != identity.start and _names_no_time(identity.host_id, read_host_id()):
        return False if _time_namespace_of(str(identity.pid)) == _time_namespace_of("self") else None
    return start == identity.start


def _is_hidden(pid: int) -> bool:
    """Whether there is a process of which /proc shows us nothing (hidepid): it is then another user's."""
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
    """Whether other users' processes are hidden from us (hidepid): the first of all, which is always there, is then."""
    return has_proc() and _is_hidden(1)


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
