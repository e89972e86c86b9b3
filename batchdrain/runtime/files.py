"""Writes files so that they are whole at every instant, even if a process is killed."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import folders

LARGEST: Final = 64 * 1024 * 1024
"""Session and plan files with more bytes than this are not read."""
_OURS: Final = 0o600


def write_all(fd: int, content: bytes) -> None:
    """Write everything. A full disk first gives short writes and only then an error, so this continues until the error."""
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def replace(path: Path, parts: Iterable[bytes], mode: int = _OURS) -> None:
    """Put a new version in the place of a file. At each instant either the old or the new version is there, complete.

    `mode`: the mode of the file. Raises OSError; then the old version is untouched and no temporary file stays.
    """
    with folders.hold(path.parent, guarded=True) as folder:
        _replace(folder, path.name, b"".join(parts), mode)


def _replace(folder: int, name: str, content: bytes, mode: int) -> None:
    try:
        _put(folder, name, content, mode)
    except FileNotFoundError:  # `sweep` removed the temporary file before it was locked, or the folder is gone
        _put(folder, name, content, mode)
    # fsync the folder too: after power loss a renamed file may otherwise be missing.
    os.fsync(folder)


def _put(folder: int, name: str, content: bytes, mode: int) -> None:
    temporary = f".{name}.{os.getpid()}.tmp"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(temporary, flags, _OURS, dir_fd=folder)
    try:
        with contextlib.suppress(BlockingIOError):  # `sweep` has locked it and takes it for stray: `_replace` tries again
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # tells `sweep` that we are alive
        if mode != _OURS:
            os.fchmod(fd, mode)
        write_all(fd, content)
        os.fsync(fd)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise
    finally:
        os.close(fd)


def read_for_people(path: Path, largest: int = LARGEST) -> bytes:
    """Read a file that a person named; links are followed. Raises OSError, and ValueError if it is not a regular file or is
    larger than `largest`: a pipe might never end, or never begin."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        kind = os.fstat(fd).st_mode
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(kind):
            raise ValueError("is no regular file")
        with os.fdopen(os.dup(fd), "rb") as file:
            content = file.read(largest + 1)
    finally:
        os.close(fd)
    if len(content) > largest:
        raise ValueError(f"is larger than {largest} bytes")
    return content


def write_for_people(path: Path, parts: Iterable[bytes], what: str, *, dry: bool = False) -> None:
    """Write a file of the user's. Links are followed. The mode is that of the existing file, or the default for a new one. A
    device, a pipe or a folder is never replaced. `what`: names the file in the error. `dry`: only check whether it could be
    written.

    Raises FilesUnavailable, also for a link on the way that other users could redirect.
    """
    try:
        folder, name = folders.follow(path)
        try:
            mode = _mode_of(folder, name)
            if not dry:
                _replace(folder, name, b"".join(parts), mode)
            elif not os.access(".", os.W_OK | os.X_OK, dir_fd=folder):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        finally:
            os.close(folder)
    except folders.MovableError as error:
        raise FilesUnavailable(f"{what}: {error.filename} {error.strerror}", remedy=error.cure) from error
    except OSError as error:
        raise FilesUnavailable(f"{what}: {error.strerror or error}", remedy="name a file that can be written") from error


def _mode_of(folder: int, name: str) -> int:
    """The mode of the existing file, or the one that a new file would get. Raises OSError if it is not a regular file."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
    except FileNotFoundError:
        return 0o666 & ~_umask()
    if not stat.S_ISREG(found):
        raise OSError(errno.EINVAL, "is no regular file")
    return stat.S_IMODE(found)


def sweep(folder: int) -> None:
    """Remove the temporary files that killed writers left in this folder: those that no process has locked."""
    for stray in [name for name in os.listdir(folder) if name.startswith(".") and name.endswith(".tmp")]:
        with contextlib.suppress(OSError):
            fd = os.open(stray, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(stray, dir_fd=folder)
            finally:
                os.close(fd)


def _umask() -> int:
    """The umask. Python can only read it by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
