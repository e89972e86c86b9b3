"""What is left of an execution on this machine when its guardian is gone, and the end of that.

Its processes are known by its token, a variable of their environment, and by their session: a program that empties its
environment stays in the session that the command, or another process with the token, began.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batchdrain.execution import guardian_client, process_identity, spool_reader
from batchdrain.execution.order import TOKEN, EndedBy, Ending, Order
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.execution.process_tree import ProcessHandles
from batchdrain.runtime.resources import shortage_of

_PAUSE_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Orphans:
    met: int  #: processes that had to be killed
    alive: bool  #: some of them live all the same: they are another user's, or in the kernel


@dataclass(frozen=True, slots=True)
class _Seen:
    pid: int
    session: int
    start: int
    has_token: bool


def end(token: str, command: ProcessIdentity | None, *, within_s: float) -> Orphans:
    """Kill what is left of the execution with this token, until nothing is or the time is over. `command`: the process
    that began its session, where that is known."""
    met: set[int] = set()
    sessions: set[int] = set()
    deadline = time.monotonic() + within_s
    while found := _find_members(token, command, sessions):
        met |= found
        if time.monotonic() >= deadline:
            return Orphans(len(met), alive=True)
        with ProcessHandles(found) as held:
            held.send(signal.SIGKILL)
            held.await_end(deadline - time.monotonic())
        time.sleep(_PAUSE_S)
    return Orphans(len(met), alive=False)


def _find_members(token: str, command: ProcessIdentity | None, sessions: set[int]) -> set[int]:
    """Who belongs to it now. `sessions` grows by those that are found to be its own.

    A session is its own when its leader is, or is gone: a token that somebody set by hand, in a terminal, does not make the
    terminal's session ours. A number is not given anew while a session has it.
    """
    seen = {process.pid: process for process in _list_processes(f"{TOKEN}={token}".encode())}
    leaders = {pid for pid, process in seen.items() if process.has_token}
    if command is not None and (command.pid not in seen or seen[command.pid].start == command.start):
        leaders.add(command.pid)
        sessions.add(command.pid)
    for process in seen.values():
        if process.has_token and process.session and (process.session in leaders or process.session not in seen):
            sessions.add(process.session)
    found = {process.pid for process in seen.values() if process.has_token or process.session in sessions}
    return found - {os.getpid()}


def _list_processes(variable: bytes) -> Iterator[_Seen]:
    for folder in Path("/proc").glob("[0-9]*") if Path("/proc/self").exists() else ():
        pid = int(folder.name)
        fields = process_identity.stat_of(pid)
        if not fields:
            continue
        try:
            has_token = variable in (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it is another user's, or it ended meanwhile
            has_token = False
        yield _Seen(pid, session=int(fields[3]), start=int(fields[19]), has_token=has_token)


_WITHIN_S: Final = 5.0


def found_out(order: Order, guardian: ProcessIdentity | None, error: Exception) -> Ending | None:
    """The ending that its guardian kept; else how it is given back, as nothing of it is left. None where something is, or may
    be: then nobody must execute the phase. `guardian`: where it is one of ours."""
    if (kept := _read_ending(order)) is not None:
        return kept
    if guardian is not None and guardian_client.is_guardian_alive(guardian) is not False:  # its command dies with it
        process_identity.kill(guardian)
        if not process_identity.await_end(guardian, _WITHIN_S):
            return None
    left = end(order.token, spool_reader.command_of(order.spool_dir, order.token), within_s=_WITHIN_S)
    if left.alive:
        return None
    if not left.met and (kept := _read_ending(order)) is not None:
        return kept
    message = f"{type(error).__name__}: {error}"
    if (shortage := shortage_of(error)) is not None:
        return Ending(by=EndedBy.INTERRUPT, left_over=left.met, errno=errno.ENOMEM, message=shortage.message)
    return Ending(by=EndedBy.LOST, left_over=left.met, message=message)


def _read_ending(order: Order) -> Ending | None:
    record = spool_reader.read(order.spool_dir, order.token)
    if record is None:
        return None
    paths = {"stdout_path": order.stdout_path, "stderr_path": order.stderr_path}
    return spool_reader.ending_of(record, result_path=order.result_path, **paths)
