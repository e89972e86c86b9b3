"""Finds and ends what is left of an execution on this machine when nobody answers for it any more.

Its processes are known by its token, a variable of their environment, and by their session. A program that empties its environment
stays in the session that the command, or another process with the token, began.
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
from batchdrain.execution.guardian_report import SpoolRecord
from batchdrain.execution.order import TOKEN, EndedBy, Ending, Order
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.execution.process_tree import ProcessHandles
from batchdrain.runtime.resources import shortage_of

_PAUSE_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Orphans:
    """What was left of an execution, after an attempt to end it."""

    met: int  #: processes that had to be killed
    alive: bool  #: some live on: they are another user's, or inside the kernel


@dataclass(frozen=True, slots=True)
class _Seen:
    pid: int
    session: int
    start: int
    has_token: bool


def end(token: str, command: ProcessIdentity | None, *, within_s: float) -> Orphans:
    """Kill what is left of the execution with this token, until nothing is left or the time is over. `command`: the process that
    began its session, if it is known."""
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
    """The processes that belong to the execution now. Adds to `sessions` those that are found to be its own.

    A session is its own if its leader is, or is gone: a token that somebody sets by hand in a terminal does not make the terminal's
    session ours. The number of a session is not reused while the session exists.
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
    for folder in Path("/proc").glob("[0-9]*") if process_identity.has_proc() else ():
        pid = int(folder.name)
        fields = process_identity.stat_of(pid)
        if not fields:
            continue
        try:
            has_token = variable in (folder / "environ").read_bytes().split(b"\0")
        except OSError:  # it is another user's, or it ended meanwhile
            has_token = False
        yield _Seen(pid, session=int(fields[3]), start=int(fields[19]), has_token=has_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """An execution on this machine whose controller or engine does not answer any more."""

    token: str
    spool_dir: str
    guardian: ProcessIdentity | None  #: None: the engine brought its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Nothing of the execution lives on this machine."""

    met: int  #: processes that had to be killed
    record: SpoolRecord | None  #: the ending that its guardian kept; None: it kept none


def settle(abandoned: Abandoned, *, guardian_ends_in_s: float | None, within_s: float) -> Settled | None:
    """End the guardian, then kill the rest, and only then read the spool. Returns None if something lives on, because it is another
    user's or inside the kernel: then nobody may execute the phase.

    `guardian_ends_in_s`: how long a guardian may take to end by itself, while it ends its command or keeps its result. None: it is
    killed at once, unless it has kept the ending, as it may then serve the next order already. `within_s`: how long the guardian
    and the rest may each take to be gone once they are killed.
    """
    token, folder, guardian = abandoned.token, abandoned.spool_dir, abandoned.guardian
    kept = spool_reader.read(folder, token)
    may_serve_another = kept is not None and guardian_ends_in_s is None
    is_ended = guardian is None or may_serve_another or _end_guardian(guardian, guardian_ends_in_s or 0.0, within_s)
    if not is_ended:
        return None
    left = end(token, spool_reader.command_of(folder, token), within_s=within_s)
    if left.alive:
        return None
    # A guardian that nobody could end may have kept how we killed its command: that is not the command's own ending.
    if kept is None and (guardian is not None or not left.met):
        kept = spool_reader.read(folder, token)
    return Settled(met=left.met, record=kept)


def _end_guardian(guardian: ProcessIdentity, by_itself_within_s: float, killed_within_s: float) -> bool:
    """Whether the guardian is gone. Only a process that is known to be a guardian is killed."""
    if guardian_client.is_guardian_alive(guardian) is False or process_identity.await_end(guardian, by_itself_within_s):
        return True
    if guardian_client.is_guardian_alive(guardian):
        process_identity.kill(guardian)
    return process_identity.await_end(guardian, killed_within_s)


_WITHIN_S: Final = 5.0


def settle_order(order: Order, guardian: ProcessIdentity | None, error: Exception) -> Ending | None:
    """How an order ended whose engine raised an error: as its guardian kept it, or else it is given back. None: see `settle`."""
    abandoned = Abandoned(token=order.token, spool_dir=order.spool_dir, guardian=guardian)
    settled = settle(abandoned, guardian_ends_in_s=None, within_s=_WITHIN_S)
    if settled is None:
        return None
    if settled.record is not None:
        return spool_reader.ending_of(settled.record.report, order.files)
    if (shortage := shortage_of(error)) is not None:
        return Ending(by=EndedBy.INTERRUPT, left_over=settled.met, errno=errno.ENOMEM, message=shortage.message)
    return Ending(by=EndedBy.LOST, left_over=settled.met, message=f"{type(error).__name__}: {error}")
