"""Files that are whole at every instant, whatever is killed."""

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

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a session or plan file that are read at most."""
_OURS: Final = 0o600


def write_all(fd: int, content: bytes) -> None:
    """A full disk gives short writes before it gives an error: go on until it does."""
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def replace(path: Path, parts: Iterable[bytes], mode: int = _OURS) -> None:
    """Put a new version in place of the old one: at each instant one of the two stands there, complete.

    `mode`: of the file. Raises OSError; the old version is untouched then and no temporary file stays.
    """
    content = b"".join(parts)
    try:
        _put(path, content, mode)
    except FileNotFoundError:  # `sweep` came between the temporary file and its lock; or the folder is gone
        _put(path, content, mode)
    # fsync the folder too: after power loss a renamed file may otherwise be missing.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _put(path: Path, content: bytes, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _OURS)
    try:
        with contextlib.suppress(BlockingIOError):  # `sweep` has it, and takes it for a dead one's: then we are back here
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)  # `sweep` sees that we live
        if mode != _OURS:
            os.fchmod(fd, mode)
        write_all(fd, content)
        os.fsync(fd)
        os.replace(temporary, path)  # noqa: PTH105 - the atomic step, named as the system names it
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    finally:
        os.close(fd)


def read_for_people(path: Path, largest: int = LARGEST) -> bytes:
    """The content of a file that somebody named, through links. Raises OSError, and ValueError for what is no regular file
    or larger than `largest`: a pipe may never end, nor even begin."""
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


def write_for_people(path: Path, parts: Iterable[bytes], what: str) -> None:
    """Write a file of the user's: through a link, with the mode that it has, or that a new one would have, and never in
    place of a device, a pipe or a folder. `what`: names it in the error.

    Raises FilesUnavailable.
    """
    target, why = Path(os.path.realpath(path)), "is no regular file"
    if not target.exists() or target.is_file():
        try:
            return replace(target, parts, stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask())
        except OSError as error:
            why = error.strerror or str(error)
    raise FilesUnavailable(f"{what}: {why}", remedy="name a file that can be written")


def sweep(folder: Path) -> None:
    """Remove the temporary files that a killed writer left: those that nobody holds."""
    for stray in folder.glob(".*.tmp"):
        with contextlib.suppress(OSError):
            fd = os.open(stray, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                stray.unlink()
            finally:
                os.close(fd)


def _umask() -> int:
    """Python can only ask by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
