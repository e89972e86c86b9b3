"""Descriptors that belong to this process alone. Each forked child closes its copies as it starts.

A worker of an engine may outlive a controller that is killed. With a copy of a lock it would hold a session for ever; with a
copy of a guardian's socket it would hide from the guardian that we are gone. A program that is executed inherits neither.
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
    """Close this descriptor in each forked child, until it is closed here."""
    found = os.fstat(fd)
    _files[fd] = found.st_dev, found.st_ino


def keep_socket_from_children(sock: socket.socket) -> None:
    """Likewise for a socket. It is closed as an object: closing it by number would let it close the same number again later,
    which may then be another file's."""
    _sockets.add(sock)


def _leave_to_the_parent() -> None:
    for fd, identity in _files.items():
        with contextlib.suppress(OSError):
            found = os.fstat(fd)
            if (found.st_dev, found.st_ino) == identity:  # otherwise the number belongs to another file by now
                os.close(fd)
    _files.clear()
    for sock in list(_sockets):
        sock.close()


os.register_at_fork(after_in_child=_leave_to_the_parent)
