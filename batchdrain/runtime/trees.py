"""Measures and removes folders with all their content. It works with descriptors, never follows a link and never crosses to
another disk.

The target of a link in such a folder is left alone; only the link is removed.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

_DEEPEST: Final = 100
_OPEN: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(slots=True)
class TreeSize:
    """The size of a folder's content."""

    files: int = 0
    size: int = 0  #: bytes
    changed_at: float = 0.0  #: the latest change of anything in it, in seconds since 1970


def measure(folder: int, name: str) -> TreeSize:
    """Measure an entry of the open folder `folder`, which may be a folder or not. Entries that vanish meanwhile are not
    counted. Raises OSError if it does not exist."""
    found, size = os.stat(name, dir_fd=folder, follow_symlinks=False), TreeSize()
    _measure(folder, name, found, size, depth=0)
    return size


def _measure(folder: int, name: str, found: os.stat_result, size: TreeSize, *, depth: int) -> None:
    size.changed_at = max(size.changed_at, found.st_mtime)
    if not stat.S_ISDIR(found.st_mode):
        size.files += 1
        size.size += found.st_size
        return
    if depth >= _DEEPEST:
        return
    try:
        fd = os.open(name, _OPEN, dir_fd=folder)
    except OSError:
        return
    try:
        if os.fstat(fd).st_dev != found.st_dev:
            return
        with os.scandir(fd) as entries:
            for entry in entries:
                try:
                    below = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if below.st_dev == found.st_dev:
                    _measure(fd, entry.name, below, size, depth=depth + 1)
    except OSError:
        return
    finally:
        os.close(fd)


def remove(folder: int, name: str) -> None:
    """Remove an entry of the open folder `folder` with all its content. It may vanish meanwhile, partly or wholly. Raises
    OSError that names what could not be removed; everything else is gone then."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISDIR(found.st_mode):
            os.unlink(name, dir_fd=folder)
            return
        empty(folder, name)
        os.rmdir(name, dir_fd=folder)
    except FileNotFoundError:
        return


def empty(folder: int, name: str, *, but: Collection[str] = (), depth: int = 0) -> None:
    """Remove all content of a folder, except entries named in `but`. Raises as `remove` does."""
    if depth >= _DEEPEST:
        raise OSError(errno.ELOOP, "is nested too deep", name)
    above, failure = os.fstat(folder).st_dev, None
    fd = os.open(name, _OPEN, dir_fd=folder)
    try:
        if os.fstat(fd).st_dev != above:
            raise OSError(errno.EXDEV, "is on another disk", name)
        for entry in [entry for entry in os.listdir(fd) if entry not in but]:  # noqa: PTH208 - of a descriptor
            try:
                _remove_below(fd, entry, depth)
            except FileNotFoundError:
                continue
            except OSError as error:
                failure = error
                failure.filename = f"{name}/{error.filename or entry}"
    finally:
        os.close(fd)
    if failure is not None:
        raise failure


def _remove_below(fd: int, entry: str, depth: int) -> None:
    if stat.S_ISDIR(os.stat(entry, dir_fd=fd, follow_symlinks=False).st_mode):
        empty(fd, entry, depth=depth + 1)
        os.rmdir(entry, dir_fd=fd)
    else:
        os.unlink(entry, dir_fd=fd)
