"""The lock of a session. It ends with the process that took it, not with children that this process forked.

A lock of this kind (`flock`) belongs to the open file, which a fork shares. Workers of an engine may outlive a controller
that is killed, and would then hold its session for ever. So each child closes the lock as it starts. Record locks (`lockf`)
are not shared, but are released as soon as anything in the process closes the same file.
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
    """Open the lock's file in the session's own folder. Missing folders are created: that one, and those for logs and spool
    in it. Raises OSError that names what is in the place of one of them."""
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
        raise NotADirectoryError(errno.ENOTDIR, "is not a folder of batchdrain", str(place)) from None


def take(fd: int) -> None:
    """Lock an open file until it is closed here, or we die. Raises BlockingIOError if another process holds it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        time.sleep(_LOOK_S)  # another process may just be testing the lock (`is_taken`)
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    keep_from_children(fd)


def make_locked_folder(folder: Path) -> int:
    """Create a folder that belongs to no session, and take its lock, so that `inv prune` sees that it is in use. Raises
    OSError."""
    os.close(folders.open_folder(folder, guarded=True, mode=0o700))
    fd = folders.open_file(folder / "lock", os.O_RDWR | os.O_CREAT, guarded=True)
    with contextlib.suppress(BlockingIOError):
        take(fd)
    return fd


def is_in_place(fd: int, path: Path) -> bool:
    """Whether the open file is still the one at the path: a session may be pruned between opening and locking."""
    try:
        return os.path.samestat(os.fstat(fd), path.lstat())
    except OSError:
        return False


def share(fd: int) -> int:
    """Another descriptor of a lock that we hold; the lock is held until both are closed."""
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
