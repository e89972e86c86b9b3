"""Removes what orders left on a machine a week after its last use: code that no order brings any more, and the rest of logs."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import time

_KEPT_S = 7 * 86_400.0
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def hold(folder: str) -> int:
    """Mark a folder as in use, until the descriptor is closed or this process ends. Raises OSError."""
    fd = os.open(folder, _FOLDER)
    fcntl.flock(fd, fcntl.LOCK_SH)
    return fd


def tidy(folder: str) -> None:
    """Remove what is old. `folder`: that of this user's orders on this machine. What is in use stays: each order touches its code,
    and its folder is held. What can't be removed stays too."""
    before = time.time() - _KEPT_S
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(OSError):
                if _used_at(entry) < before:
                    _remove(entry)


def _used_at(entry: os.DirEntry[str]) -> float:
    """When the entry was last used, as `st_mtime`. An order whose worker died has no end: the times of its logs count. Raises
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
