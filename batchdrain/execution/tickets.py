"""Tickets: of all deliveries of an order, on whichever machine, only the one that draws its ticket executes it. Whoever else draws
the ticket withdraws the order: nothing of it has begun, and nothing will.

A ticket is a file that is created exclusively, in a folder of the session that workers see under the same path. No worker makes
that folder, and its name is unique: a worker that does not see ours can draw nothing. The file says who drew the ticket, so that
anybody on the same machine can find out how it ended. Tickets stay as long as the session's folder, as an order may be delivered
again long after its end.
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

    host: str  #: the host's name, for people
    drawer: ProcessIdentity
    guardian: ProcessIdentity | None  #: the only guardian that executes the command; None: it was withdrawn

    @property
    def is_of_here(self) -> bool:
        """Whether its execution can be seen on this machine."""
        return is_here(self.drawer.host_id)


def folder_of(spool_dir: str, token: str) -> str:
    """The folder in which the ticket of an execution is drawn, beside the spool of its session; '' if it has none."""
    uid = token.partition(".")[0]
    return str(Path(spool_dir).with_name(f"tickets-{uid}")) if spool_dir and uid.isalnum() else ""


def _path_of(folder: str, token: str) -> str:
    """The path of a ticket. Raises OSError if there is no folder, or if the token, which comes from the ledger, leads out of it."""
    if not folder or os.sep in token:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), token)
    return f"{folder}/{token}"


def make_folder(folder: str) -> None:
    """Make the folder. Raises OSError."""
    if not folder:
        raise FileNotFoundError(errno.ENOENT, "the session has no uid, of which its tickets would have their names")
    os.close(folders.open_folder(folder, guarded=True, mode=0o700))


def draw(folder: str, token: str, guardian: ProcessIdentity | None) -> bool:
    """Draw a ticket. Returns whether we are the first. `guardian`: it watches the command; None: nobody is to execute the order any
    more. Raises OSError if the folder can't be seen, as nobody can tell then."""
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
    """Lay an empty ticket before an order goes to an engine with its own tickets: from then on it may have begun, as far as can be
    told here. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        os.close(folders.open_file(_path_of(folder, token), _NEW, guarded=True))


def note(folder: str, token: str, guardian: ProcessIdentity) -> None:
    """Note who executes an order whose ticket the engine gave out. If the folder can't be seen, this is not needed."""
    with contextlib.suppress(OSError):
        fd = folders.open_file(_path_of(folder, token), _AGAIN, guarded=True)
        try:
            os.write(fd, to_json(_fields_of(guardian)))
        finally:
            os.close(fd)


def is_drawn(folder: str, token: str) -> bool:
    """Whether somebody has drawn the ticket, as far as can be seen."""
    try:
        return Path(_path_of(folder, token)).exists()
    except OSError:
        return False


def can_be_withdrawn(folder: str, token: str) -> bool:
    """Whether nothing of an order has begun. This does not draw its ticket, which is still to be done."""
    if folder and Path(folder).is_dir() and not is_drawn(folder, token):
        return True
    ticket = read(folder, token)
    return ticket is not None and ticket.guardian is None


def read(folder: str, token: str) -> Ticket | None:
    """Read a ticket; None if nobody has drawn it, or if it does not say who did: it was only laid, or whoever drew it
    died while writing."""
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
