"""What is this process's alone. Each child that is forked closes its copy as it begins.

A worker of an engine may outlive a controller that is killed: with a copy of a lock it would hold a session for ever, with one
of a guardian's socket it would hide from the guardian that we are gone. A program that is executed inherits none of them.
"""

from __future__ import annotations

import contextlib
import os
import socket
import weakref
from typing import Final

_files: Final[dict[int, tuple[int, int]]] = {}
_sockets: Final[weakref.WeakSet[socket.socket]] = weakref.WeakSet()


def keep_from_children(fd: int) -> None:
    """Until it is closed here."""
    found = os.fstat(fd)
    _files[fd] = found.st_dev, found.st_ino


def keep_socket_from_children(sock: socket.socket) -> None:
    """Likewise. By the object: it would close its number once more, which may be another file's by then."""
    _sockets.add(sock)


def _leave_to_the_parent() -> None:
    for fd, identity in _files.items():
        with contextlib.suppress(OSError):
            found = os.fstat(fd)
            if (found.st_dev, found.st_ino) == identity:  # the number may be another file's by now
                os.close(fd)
    _files.clear()
    for sock in list(_sockets):
        sock.close()


os.register_at_fork(after_in_child=_leave_to_the_parent)
