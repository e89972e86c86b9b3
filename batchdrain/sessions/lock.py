"""The lock of a session. It ends with the process that took it, and not with the children which that forked.

A lock of this kind belongs to the open file, and a fork shares that: the workers of an engine, which may outlive a controller
that is killed, would hold its session for ever. So each child closes it as it begins. Record locks (`lockf`) are not shared,
but are dropped as soon as anybody in the process closes the same file.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from pathlib import Path
from typing import Final

from batchdrain.runtime import folders
from batchdrain.runtime.forks import keep_from_children

_LOOK_S: Final = 0.1


def open_in(folder: Path, session_id: str) -> int:
    """The lock's file, in the session's own folder. That, and those for logs and spool in it, are made where there are none.
    Raises OSError, which names what stands in the place of one of them."""
    with folders.hold(folder, guarded=True) as above:
        own = _open_own(above, session_id, folder / session_id)
    try:
        for name in ("logs", "spool"):
            os.close(_open_own(own, name, folder / session_id / name))
        return os.open("lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=own)
    except OSError as error:
        if error.filename == "lock":
            error.filename = str(folder / session_id / "lock")
        raise
    finally:
        os.close(own)


def _open_own(above: int, name: str, place: Path) -> int:
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o700, dir_fd=above)
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=above)
    except NotADirectoryError:
        raise NotADirectoryError(errno.ENOTDIR, "is no folder of ours", str(place)) from None


def take(fd: int) -> None:
    """Lock an open file until it is closed here, or we die. Raises BlockingIOError when another one has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_LOOK_S)  # it may be somebody's look whether it is taken
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    keep_from_children(fd)


def make_locked_folder(folder: Path) -> int:
    """A folder that is no session's, and its lock, taken: whoever prunes sees that somebody works there. Raises OSError."""
    os.close(folders.open_folder(folder, guarded=True, mode=0o700))
    fd = folders.open_file(folder / "lock", os.O_RDWR | os.O_CREAT, guarded=True)
    with contextlib.suppress(BlockingIOError):
        take(fd)
    return fd


def is_in_place(fd: int, path: Path) -> bool:
    """Whether the open file is still the one that stands there: a session may be pruned between its opening and its locking."""
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except OSError:
        return False


def share(fd: int) -> int:
    """Another descriptor of a lock that is ours: it is held until both are closed."""
    twin = os.dup(fd)
    keep_from_children(twin)
    return twin


def is_taken(fd: int) -> bool:
    """Whether some process holds the lock of an open file now."""
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(fd, fcntl.LOCK_UN)
    return False
