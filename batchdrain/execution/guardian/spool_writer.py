"""What a guardian writes to disk for whoever comes after it: which process is the command, and how the command ended."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from typing import Any, Final

_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_LEAST: Final = 256  #: bytes: a later record covers the earlier one, as cutting a file costs a flush on some systems


def note(folder: int, token: str, pid: int, start: int) -> None:
    """Begin the record with the process that is about to become the command. Its pid is also the number of the command's session,
    by which everything that stays in it is found. This is not durable: a reboot ends these processes too."""
    with contextlib.suppress(OSError):
        _put(folder, token, {"command": [pid, start]}, durable=False)


def write(folder: int | None, token: str, ending: dict[str, Any]) -> None:
    """Replace the note by the ending, durably, before anybody hears of it. `folder`: an open descriptor, as in all these functions.
    Raises OSError, also if there is no folder.

    This needs no rename and no sync of the folder. Nobody reads the record before the guardian is dead; half a record is no JSON
    and counts as none; and syncing a new file also keeps its name on Linux's file systems. If a power loss takes it all the same,
    the phase is executed again, as after any crash.
    """
    if folder is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
    _put(folder, token, ending, durable=True)


def drop(folder: int, token: str) -> None:
    """Remove the record: nothing of the command is left, and there is no result to keep."""
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
    """Open a regular file that has only this name. Anything else that a command put there (a FIFO without a reader, a folder, a
    link, another name of one of your files) is moved out of the way."""
    with contextlib.suppress(OSError):
        descriptor = os.open(name, _FLAGS, 0o600, dir_fd=directory)
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_nlink == 1:
            return descriptor
        os.close(descriptor)
    with contextlib.suppress(FileNotFoundError):
        os.rename(name, f".{name}.odd", src_dir_fd=directory, dst_dir_fd=directory)
    return os.open(name, _FLAGS | os.O_EXCL, 0o600, dir_fd=directory)
