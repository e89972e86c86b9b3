"""Answers the messages of a controller: JSON in bytes both ways. `v` is the version; an unknown one is answered as such.

execute  one order: executed here if nobody has drawn its ticket before   -> ended | twice | not_taken
beat     what a session's controller tells all its workers, and asks       -> here
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import uuid
from typing import Any, Callable, Optional

from ..guardian.watched_order import WatchedOrder
from . import files
from .duties import Duties
from .guardians import GuardianLine, Guardians
from .sweep import sweep
from .tidy import tidy

VERSION = 1
ZIP = ""
"""The zip from which this module came; set by whoever loads it."""
First = Optional[Callable[[str], bool]]


class _Process:
    """This process among all workers."""

    def __init__(self) -> None:
        self.instance = uuid.uuid4().hex
        self.duties = Duties()
        self.guards = Guardians()
        if ZIP:
            tidy(os.path.dirname(ZIP))


_processes: dict[int, _Process] = {}


def _own() -> _Process:
    return _processes.get(os.getpid()) or _processes.setdefault(os.getpid(), _Process())


def answer(raw: bytes, first: First) -> bytes:
    """The answer to a message. Never raises because of its content."""
    where = {"host": socket.gethostname(), "pid": os.getpid(), "worker": _own().instance}
    try:
        message = json.loads(raw)
        if message["v"] != VERSION or message["do"] not in {"execute", "beat"}:
            found = _unknown("is of another version")
        else:
            found = _execute(message, first) if message["do"] == "execute" else _beat(message)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        found = _unknown(f"{type(error).__name__}: {error}")
    return json.dumps({"v": VERSION, "where": where, **found}).encode()


def _unknown(why: str) -> dict[str, Any]:
    return {"kind": "unknown", "message": why, "speaks": [VERSION]}


def interrupt(*, kill: bool) -> None:
    """End what runs in this process, and what begins in it later. Safe in a signal handler."""
    _own().duties.interrupt(kill=kill)


def _beat(message: dict[str, Any]) -> dict[str, Any]:
    own = _own()
    return {"kind": "here", "session": message["session"], **own.duties.heed(message, own.instance)}


def _execute(order: dict[str, Any], first: First) -> dict[str, Any]:
    own, session, token = _own(), order["session"], order["token"]
    shared = order["shares_files"] is not False and files.sees(order["landmark"])
    if order["shares_files"] and not shared:
        return _not_taken(f"it sees no {order['landmark']}")
    if order["begin_by_ms"] is not None and time.time() * 1000 > order["begin_by_ms"]:
        return _not_taken("it came to it too late, by the clock of that machine")
    if order["lease_s"] is not None and (why := own.duties.await_grant(session, token, order["lease_s"])):
        return _not_taken(why)
    try:
        guard = own.guards.hire(ZIP)
    except OSError as error:
        return _not_taken(f"no guardian could be started: {error.strerror or error}")
    try:
        try:
            is_drawn = _draw(order, first, guard)
        except OSError as error:
            return _not_taken(f"{error.strerror or error}: {error.filename or order['tickets']}")
        if not is_drawn:
            return {"kind": "twice", "message": "it was delivered before, or withdrawn"}
        leased, found, watched = order["lease_s"] is not None, None, WatchedOrder(guard)
        deadline_ms = own.duties.begin(session, token, watched, leased=leased)
        try:
            found = {"kind": "ended", "token": token, **_run(order, watched, deadline_ms, shared=shared)}
            guard.stays_until_ms = _stays_until_ms(found["ending"], watched, deadline_ms)
        finally:
            kept = None if found is None or not leased else {**found, "v": VERSION, "where": {"host": socket.gethostname()}}
            own.duties.end(session, token, kept)
        return found
    finally:
        own.guards.give_back(guard)


def _stays_until_ms(ending: dict[str, Any], watched: WatchedOrder, deadline_ms: int | None) -> int | None:
    """Until when (boot time) the guardian waits for another order; None if it takes no other. Without a deadline it would never
    leave."""
    stays = ending.pop("stays", False) is True
    return None if deadline_ms is None or not stays else max(deadline_ms, watched.extended_ms)


def _draw(order: dict[str, Any], first: First, guard: GuardianLine) -> bool:
    """Draw the ticket. Raises OSError, and whatever the engine raises."""
    guardian = guard.pid, guard.start
    if first is None:
        return files.draw(order["tickets"], order["token"], guardian)
    if not first(order["token"]):
        return False
    files.note(order["tickets"], order["token"], guardian)
    return True


def _run(order: dict[str, Any], watched: WatchedOrder, deadline_ms: int | None, *, shared: bool) -> dict[str, Any]:
    """Execute the command, from opening its files to its end."""
    host = socket.gethostname()
    if not os.path.isdir(order["cwd"]):
        return {"ending": _not_started(f"on {host}: the folder {order['cwd']} is not there (command.cwd)", 2)}
    try:
        at = files.Files(order, shared=shared, beside=ZIP)
        descriptors = at.open()
    except OSError as error:  # no errno: the program was not looked for yet, and is not what is wrong
        return {"ending": _not_started(f"on {host}: {error.strerror}: {error.filename}", None)}
    try:
        ending = _watch(order, watched, at, descriptors, deadline_ms)
        if ending["by"] == "not_started":
            ending["message"] = f"on {host}: {ending['message']}"
        return {"ending": ending, "shared": shared, **at.pack()}
    finally:
        for fd in descriptors:
            os.close(fd)
        at.remove()


def _watch(
    order: dict[str, Any], watched: WatchedOrder, at: files.Files, descriptors: list[int], deadline_ms: int | None
) -> dict[str, Any]:
    raw = watched.watch(_to_guardian(order, at, deadline_ms), descriptors)
    if raw is not None:
        ending: dict[str, Any] = json.loads(raw)
        if not ending["gone"]:
            ending["gone"] = sweep(order["token"])
        return ending
    # The command dies with its guardian; the rest of its tree is found by its token.
    return {"by": "lost", "duration_s": 0.0, "message": "the guardian of the command died", "gone": sweep(order["token"])}


def _to_guardian(order: dict[str, Any], at: files.Files, deadline_ms: int | None) -> dict[str, Any]:
    python = _latin1(sys.executable or "python3")
    argv = [_latin1(item) for item in order["argv"]]
    if order["python"]:
        argv = [item.replace(order["python"], python) for item in argv]
    without = {_latin1(name) for name in order["without"]}
    env = {name.decode("latin-1"): value.decode("latin-1") for name, value in os.environb.items()}
    env.update({_latin1(name): _latin1(value) for name, value in order["env"].items()})
    env["BATCHDRAIN_RESULT_FILE"] = _latin1(at.result)
    return {
        "token": order["token"],
        "argv": argv,
        "env": {name: value for name, value in env.items() if name not in without},
        "cwd": _latin1(order["cwd"]),
        "timeout_s": order["timeout_s"],
        "grace_s": order["grace_s"],
        "deadline_ms": deadline_ms,
        "spool_dir": at.spool,
        "log_max_bytes": order["log_max_bytes"],
        "kept": {
            "limit_s": order["timeout_s"],
            "limit_rule": order["limit_rule"],
            "stdout_path": at.stdout,
            "stderr_path": at.stderr,
            "result_path": at.result,
        },
    }


def _latin1(text: str) -> str:
    """The UTF-8 bytes as latin-1, whatever the locale: ids come from a database, not from the terminal."""
    return text.encode(errors="surrogateescape").decode("latin-1")


def _not_started(message: str, errno: int | None) -> dict[str, Any]:
    return {"by": "not_started", "errno": errno, "message": message, "duration_s": 0.0, "gone": True}


def _not_taken(why: str) -> dict[str, Any]:
    return {"kind": "not_taken", "message": f"{socket.gethostname()}: {why}"}


def _leave_to_the_parent() -> None:
    """Close the guardians' sockets in a forked child: otherwise they would not see that we are gone."""
    for process in _processes.values():
        process.guards.close_in_child()
    _processes.clear()


os.register_at_fork(after_in_child=_leave_to_the_parent)
