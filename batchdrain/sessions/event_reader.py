"""Reads the lines of an event log, including those that are written meanwhile. Reads only.

A line counts once it is complete. If the file is cut or replaced while it is read, it is read again from its beginning.
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
"""Longer lines, in bytes, are not read."""
_PIECE: Final = 1 << 16


class EventReader:
    """Reads one log. Raises FileNotFoundError if there is none, BadData if it is not a regular file of batchdrain."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = _open(path)
        self._unread = b""
        self._is_too_long = False

    @property
    def has_part(self) -> bool:
        """Whether the file ends with an incomplete line."""
        return bool(self._unread) or self._is_too_long

    def read(self) -> Iterator[bytes]:
        """The complete lines that have not been read yet, without line ends; b'' for a line that is too long."""
        yield from self._read()
        if self._is_replaced():
            yield from self._read()

    def close(self) -> None:
        """Close the file."""
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
        """Whether another file is at the path now; if so, it is opened. A file that was removed is read on, since its writer
        still holds it too."""
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
        raise BadData(f"{path}: is not a regular file of batchdrain", remedy="put the session's own file there")
    return fd
