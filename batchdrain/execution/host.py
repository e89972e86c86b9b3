"""Who a controller is on its machine, so that a later one can tell whether it still lives.

An identity is (boot, pid namespace, pid, start time): a pid alone is reused, and means another process in a container.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from batchdrain.execution.tree import Tree


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    host_id: str  #: boot id and pid namespace; the host's name where there is no /proc
    pid: int
    start: int  #: clock ticks since boot; milliseconds since 1970 where there is no /proc


@cache
def host_id() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}:{Path('/proc/self/ns/pid').stat().st_ino}"[:64]
    except OSError:
        return socket.gethostname()[:64]


def start_of(pid: int) -> int | None:
    """When the process started; None when there is none, or only a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None if Path("/proc/self").exists() else _start_by_psutil(pid)
    fields = stat[stat.rfind(b")") + 2 :].split()
    return None if fields[0] in {b"Z", b"X"} else int(fields[19])


def _start_by_psutil(pid: int) -> int | None:
    try:
        return round(psutil.Process(pid).create_time() * 1000)
    except psutil.Error:
        return None


def this_process() -> ProcessIdentity:
    return ProcessIdentity(host_id(), os.getpid(), start_of(os.getpid()) or 0)


def lives(identity: ProcessIdentity) -> bool | None:
    """Whether the process still runs; None when it belongs to another host, where we can't tell."""
    if identity.host_id != host_id():
        return None
    return start_of(identity.pid) == identity.start


def await_end(identity: ProcessIdentity, within_s: float) -> bool:
    """Wait for a process of this machine to end. Returns whether it has, in time."""
    with Tree([identity.pid]) as watched:
        return lives(identity) is not True or watched.ended(within_s)


def kill(identity: ProcessIdentity) -> None:
    """KILL exactly this process: held by a handle before it is known to be the one."""
    with Tree([identity.pid]) as held:
        if lives(identity):
            held.send(signal.SIGKILL)


def bearing(variable: str, value: str) -> list[int]:
    """The processes of this machine that were started with `variable=value` in their environment, ours excepted.

    Finds daemons that left their process group and session. Sees only processes that we may look into.
    """
    wanted = f"{variable}={value}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*") if Path("/proc/self").exists() else ():
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def end_bearing(variable: str, value: str, *, within_s: float) -> int:
    """Kill every process that bears the mark, until none is left or the time is over. Returns how many were met."""
    met: set[int] = set()
    deadline = time.monotonic() + within_s
    while found := bearing(variable, value):
        met.update(found)
        with Tree(found) as marked:
            marked.send(signal.SIGKILL)
            marked.ended(deadline - time.monotonic())
        if time.monotonic() >= deadline:
            break
    return len(met)
