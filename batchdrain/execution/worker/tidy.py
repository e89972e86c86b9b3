"""What orders leave on a machine goes a week after its last use: code that no order brings any more, and what stays of logs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time

_KEPT_S = 7 * 86_400.0
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def hold(folder: str) -> int:
    """From now on it is in use, until the descriptor is closed or this process ends. Raises OSError."""
    fd = os.open(folder, _FOLDER)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def tidy(folder: str) -> None:
    """`folder`: of this user's orders on this machine. What is in use stays: code is touched with each order, and the folder of
    an order is held. So does what can't be removed."""
    before = time.time() - _KEPT_S
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if _used_at(entry) < before:
                    _remove(entry)


def _used_at(entry: os.DirEntry[str]) -> float:
    """When it was used last, as of `st_mtime`. Of an order whose worker died no end was noted: its logs tell how far it came. Raises
    OSError."""
    found = entry.stat(follow_symlinks=False).st_mtime
    if not entry.is_dir(follow_symlinks=False):
        return found
    with os.scandir(entry.path) as inner:
        return max([found, *(one.stat(follow_symlinks=False).st_mtime for one in inner)])


def _remove(entry: os.DirEntry[str]) -> None:
    if not entry.is_dir(follow_symlinks=False):
        os.unlink(entry.path)
        return
    fd = os.open(entry.path, _FOLDER)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(entry.path, ignore_errors=True)
    finally:
        os.close(fd)
