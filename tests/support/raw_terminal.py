"""A terminal that changes nothing of what it gets, of a size of one's own, and its other end: what is written is read as it was."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_END: Final = b"\0"


class Terminal:
    def __init__(self, columns: int, rows: int, encoding: str) -> None:
        self._ours, theirs = os.openpty()
        tty.setraw(theirs)
        self.file = os.fdopen(theirs, "w", encoding=encoding)
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.file.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def got(self) -> str:
        """What has come since the last look. The system hands it over a moment after it is written, but in its order: so a sign is
        written behind it, and awaited."""
        os.write(self.file.fileno(), _END)
        found = b""
        while not found.endswith(_END):
            found += os.read(self._ours, 65_536)
        return found.removesuffix(_END).decode(self.file.encoding)

    def close(self) -> None:
        self.file.close()
        os.close(self._ours)


@contextmanager
def raw_terminal(columns: int = 40, rows: int = 20, encoding: str = "utf-8") -> Iterator[Terminal]:
    found = Terminal(columns, rows, encoding)
    try:
        yield found
    finally:
        found.close()
