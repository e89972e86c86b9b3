"""One ticket an order: of all its deliveries, on whichever machine, the one that draws it executes. Whoever draws it otherwise
has withdrawn the order: nothing of it has begun, and nothing will.

A ticket is a file that is created exclusively in a folder of the session, which workers see under the same path. No worker
makes that folder, and its name is nobody else's: one that does not see ours can draw nothing. In the file stands who drew it,
so that its end can be told by whoever is on the same machine. Tickets stay as long as the session's folder: an order may be
delivered again long after its end.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from batchdrain.execution.guardian_report import UnsoundReportError, object_of, process_of, text_of
from batchdrain.execution.left_files import read_small
from batchdrain.execution.process_identity import ProcessIdentity, identify_self, is_here
from batchdrain.runtime import folders
from batchdrain.runtime.json_text import to_json

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_AGAIN: Final = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
_LARGEST: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A ticket that was drawn, and by whom."""

    host: str  #: its name, for people
    drawer: ProcessIdentity
    guardian: ProcessIdentity | None  #: under which the command executes, and no other; None: it was withdrawn

    @property
    def is_of_here(self) -> bool:
        """Whether what came of it can be seen on this machine."""
        return is_here(self.drawer.host_id)


def folder_of(spool_dir: str, token: str) -> str:
    """Where the ticket of an execution is drawn, beside the spool of its session; '' where it has none."""
    uid = token.partition(".")[0]
    return str(Path(spool_dir).with_name(f"tickets-{uid}")) if spool_dir and uid.isalnum() else ""


def _path_of(folder: str, token: str) -> str:
    """Raises OSError where there is no folder, or the token, which stands in the ledger, leads out of it."""
    if not folder or os.sep in token:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), token)
    return f"{folder}/{token}"


def make_folder(folder: str) -> None:
    """Raises OSError."""
    if not folder:
        raise FileNotFoundError(errno.ENOENT, "the session has no uid, of which its tickets would have their names")
    os.close(folders.open_folder(folder, guarded=True, mode=0o700))


def draw(folder: str, token: str, guardian: ProcessIdentity | None) -> bool:
    """Whether we are the first. `guardian`: who watches the command; None: nobody is to execute it any more. Raises OSError
    where the folder is not to be seen: then nobody can tell."""
    try:
        fd = folders.open_file(_path_of(folder, token), _NEW, guarded=True)
    except FileExistsError:
        return False
    try:
        os.write(fd, to_json(_fields_of(guardian)))
    finally:
        os.close(fd)
    return True


def lay(folder: str, token: str) -> None:
    """Before an order goes to an engine that gives the tickets: nobody can tell from here that it did not begin. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        os.close(folders.open_file(_path_of(folder, token), _NEW, guarded=True))


def note(folder: str, token: str, guardian: ProcessIdentity) -> None:
    """Who executes it there. Where the folder is not to be seen that is not to be told, and need not be."""
    with contextlib.suppress(OSError):
        fd = folders.open_file(_path_of(folder, token), _AGAIN, guarded=True)
        try:
            os.write(fd, to_json(_fields_of(guardian)))
        finally:
            os.close(fd)


def is_drawn(folder: str, token: str) -> bool:
    """Whether somebody has drawn it, as far as it can be seen."""
    try:
        return Path(_path_of(folder, token)).exists()
    except OSError:
        return False


def can_be_withdrawn(folder: str, token: str) -> bool:
    """Whether nothing of an order has begun, as far as can be told without drawing its ticket, which is to be done."""
    if folder and Path(folder).is_dir() and not is_drawn(folder, token):
        return True
    ticket = read(folder, token)
    return ticket is not None and ticket.guardian is None


def read(folder: str, token: str) -> Ticket | None:
    """None where nobody has drawn it, or what is there tells of nobody: he died over it."""
    try:
        fields = object_of(read_small(_path_of(folder, token), _LARGEST))
        host_id, guardian = text_of(fields, "host_id"), fields.get("guardian")
        return Ticket(
            host=text_of(fields, "host"),
            drawer=ProcessIdentity(host_id, *process_of(fields.get("drawer"))),
            guardian=None if guardian is None else ProcessIdentity(host_id, *process_of(guardian)),
        )
    except (OSError, UnsoundReportError):
        return None


def _fields_of(guardian: ProcessIdentity | None) -> dict[str, Any]:
    it = identify_self()
    return {
        "host": socket.gethostname(),
        "host_id": it.host_id,
        "drawer": [it.pid, it.start],
        "guardian": None if guardian is None else [guardian.pid, guardian.start],
    }
