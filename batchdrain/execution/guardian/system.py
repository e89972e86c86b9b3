"""A few Linux calls that Python does not offer, and what /proc tells. On other systems the calls do nothing and return False."""

from __future__ import annotations

import ctypes
import os
import socket
import sys
from typing import Any, Final

_SUBREAPER: Final = 36  # PR_SET_CHILD_SUBREAPER
_PDEATHSIG: Final = 1  # PR_SET_PDEATHSIG
_KEEP_SIZE_AND_PUNCH: Final = 3  # FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE
_LINUX: Final = sys.platform.startswith("linux")
_libc: Any = ctypes.CDLL(None, use_errno=True) if _LINUX else None


def become_subreaper() -> bool:
    """Make orphaned descendants our children, so that no daemon escapes. Returns whether that succeeded."""
    return _LINUX and _libc.prctl(_SUBREAPER, 1, 0, 0, 0) == 0


def die_with_parent(signal_number: int) -> bool:
    """Send this process a signal when its parent dies. Only for a process whose parent has a single thread: Linux sends it when
    that *thread* ends."""
    return _LINUX and _libc.prctl(_PDEATHSIG, signal_number, 0, 0, 0) == 0


def punch(descriptor: int, offset: int, length: int) -> bool:
    """Free the disk space of a part of a file, in bytes. Returns whether that succeeded."""
    if not _LINUX:
        return False
    call = _libc.fallocate
    call.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    return bool(call(descriptor, _KEEP_SIZE_AND_PUNCH, offset, length) == 0)


def has_proc() -> bool:
    """Whether there is a /proc of our own pid namespace. In that of another one, each number would mean another process."""
    try:
        return os.readlink("/proc/self") == str(os.getpid())
    except OSError:
        return False


def host_id() -> str:
    """The identity of this boot, pid namespace and time namespace, at most 64 characters. Two containers of one host are two hosts.

    This is our own namespace, not that of our children. If they differ, after an `unshare` without an exec, no guardian is
    accepted.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            here = f"{file.read().strip()}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()[:64]
    try:
        time = os.stat("/proc/self/ns/time").st_ino
    except OSError:  # the kernel has none, or does not tell
        return here[:64]
    return f"{here}:{time}"[:64]


def is_stopped(pid: int, start: int) -> bool:
    """Whether somebody has stopped this very process. `start`: see `start_of`."""
    fields = _stat_of(pid) if has_proc() else []
    return bool(fields) and fields[0] == b"T" and int(fields[19]) == start


def descendants_of(pid: int) -> list[int]:
    """Every process below this one; empty if the system does not tell."""
    if not has_proc():
        return []
    listed = os.path.exists(f"/proc/self/task/{os.getpid()}/children")
    parents = {} if listed else _read_parents()
    found: list[int] = []
    waiting = [pid]
    while waiting:
        above = waiting.pop()
        below = _children_of(above) if listed else [child for child, parent in parents.items() if parent == above]
        found += below
        waiting += below
    return found


def _children_of(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", "rb") as file:
                found += map(int, file.read().split())
    except OSError:  # it ended meanwhile
        pass
    return found


def _read_parents() -> dict[int, int]:
    """The parent of every process, for kernels that have no lists of children."""
    found: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = _stat_of(int(name))
            if fields:
                found[int(name)] = int(fields[1])
    return found


def start_of(pid: int) -> int:
    """When a process started, in clock ticks since boot; 0 if the system does not tell."""
    fields = _stat_of(pid) if has_proc() else []
    return int(fields[19]) if fields else 0


def _stat_of(pid: int) -> list[bytes]:
    """The fields of /proc/pid/stat from the state on. The name before them may contain anything."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return []
    return stat[stat.rfind(b")") + 2 :].split()
