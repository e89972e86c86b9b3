"""The lock of a session. It ends with the process that took it, and not with the children which that forked.

A lock of this kind belongs to the open file, and a fork shares that: the workers of an engine, which may outlive a controller
that is killed, would hold its session for ever. So each child closes it as it begins. Record locks (`lockf`) are not shared,
but are dropped as soon as anybody in the process closes the same file.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import Final

_LOOK_S: Final = 0.1
_taken: set[tuple[int, int, int]] = set()


def take(fd: int) -> None:
    """Lock an open file until it is closed here, or we die. Raises BlockingIOError when another one has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_LOOK_S)  # it may be somebody's look whether it is taken
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    found = os.fstat(fd)
    _taken.add((fd, found.st_dev, found.st_ino))


def is_taken(fd: int) -> bool:
    """Whether some process holds the lock of an open file now."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False


def _leave_to_the_parent() -> None:
    for fd, device, inode in _taken:
        with contextlib.suppress(OSError):
            found = os.fstat(fd)
            if (found.st_dev, found.st_ino) == (device, inode):  # the number may be another file's by now
                os.close(fd)
    _taken.clear()


os.register_at_fork(after_in_child=_leave_to_the_parent)
