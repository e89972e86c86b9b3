"""What a guardian keeps on disk for whoever comes after it: which process is the command, and how the command ended."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from typing import Any, Final

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LEAST: Final = 256  #: bytes: what is written later covers what stood there; a file that is cut costs some systems a flush


def note(folder: int, token: str, pid: int, start: int) -> None:
    """Begin the record: the process that is about to become the command. Its number is the number of the command's session
    too, by which everything that stays in that is found. Not durable: a boot ends them all."""
    with contextlib.suppress(OSError):
        _put(folder, token, {"command": [pid, start]}, durable=False)


def write(folder: int | None, token: str, ending: dict[str, Any]) -> None:
    """Put the ending in the note's place, durable before anybody hears of it. `folder`: its descriptor, as in all of
    these. Raises OSError, too where there is none.

    No rename and no sync of the folder: nobody reads before we are dead, half a record is no JSON and counts as none, and
    with the sync of a new file Linux's file systems keep its name too. Where power loss takes it all the same, the phase is
    executed again, as after any crash.
    """
    if folder is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    _put(folder, token, ending, durable=True)


def drop(folder: int, token: str) -> None:
    """Nothing of the command is left, and there is no result to be kept."""
    with contextlib.suppress(OSError):
        os.unlink(f"{token}.json", dir_fd=folder)


def _put(folder: int, token: str, content: dict[str, Any], *, durable: bool) -> None:
    raw = memoryview(json.dumps({"token": token, **content}).encode().ljust(_LEAST))
    descriptor = _open(f"{token}.json", folder)
    try:
        if os.fstat(descriptor).st_size > len(raw):
            os.ftruncate(descriptor, len(raw))
        while raw:
            raw = raw[os.write(descriptor, raw) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _open(name: str, directory: int) -> int:
    """A regular file of that name alone. Whatever else a command put there, a FIFO whose reader never comes, a folder, a link,
    another name of a file of yours, goes out of the way."""
    with contextlib.suppress(OSError):
        descriptor = os.open(name, _FLAGS, 0o600, dir_fd=directory)
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            return descriptor
        os.close(descriptor)
    with contextlib.suppress(FileNotFoundError):
        os.rename(name, f".{name}.odd", src_dir_fd=directory, dst_dir_fd=directory)
    return os.open(name, _FLAGS | os.O_EXCL, 0o600, dir_fd=directory)
