"""The lines of an event log, those too that are written meanwhile. Reads only.

A line counts once it is complete. The file may be cut or replaced while it is read: then it is read from its beginning.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from batchdrain.model.errors import BadData
from batchdrain.runtime import folders

LONGEST: Final = 4_000_000
"""Bytes of a line that is read."""
_PIECE: Final = 1 << 16


class EventReader:
    """Of one log. Raises FileNotFoundError where there is none, BadData for what is no regular file of ours."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = _open(path)
        self._unread = b""
        self._is_too_long = False

    @property
    def has_part(self) -> bool:
        """Whether a line stands at the end that nobody has ended."""
        return bool(self._unread) or self._is_too_long

    def read(self) -> Iterator[bytes]:
        """The complete lines that were not read yet, without their ends; b'' for one that is too long."""
        yield from self._read()
        if self._is_replaced():
            yield from self._read()

    def close(self) -> None:
        """Nothing is read any more."""
        os.close(self._fd)

    def _read(self) -> Iterator[bytes]:
        if os.fstat(self._fd).st_size < os.lseek(self._fd, 0, os.SEEK_CUR):
            self._begin_again()
        while raw := os.read(self._fd, _PIECE):
            *lines, self._unread = (self._unread + raw).split(b"\n")
            for line in lines:
                yield b"" if self._is_too_long else line
                self._is_too_long = False
            if len(self._unread) > LONGEST:
                self._unread, self._is_too_long = b"", True

    def _is_replaced(self) -> bool:
        """Whether another file stands at the path; it is open then. One that is gone is read on: its writer holds it too."""
        try:
            if os.path.samestat(os.fstat(self._fd), self._path.lstat()):
                return False
            other = _open(self._path)
        except OSError:
            return False
        os.close(self._fd)
        self._fd = other
        self._begin_again()
        return True

    def _begin_again(self) -> None:
        os.lseek(self._fd, 0, os.SEEK_SET)
        self._unread, self._is_too_long = b"", False


def _open(path: Path) -> int:
    fd = folders.open_file(path, os.O_RDONLY | os.O_NONBLOCK)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(fd)
        raise BadData(f"{path}: is not a regular file of ours", remedy="put the session's own file there")
    return fd
