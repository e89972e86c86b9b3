"""The descriptors 0, 1 and 2, which code that is not ours may close.

The next file or connection to be opened would take the free number, and what is printed would be written into it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

_NUMBERS: Final = range(3)
_lost: Final[set[int]] = set()


@contextmanager
def keep_standard_streams() -> Iterator[None]:
    """Around code that is not ours. What it closes is opened on the null device; what it closes or replaces is lost to us."""
    before = [_file_of(number) for number in _NUMBERS]
    try:
        yield
    finally:
        for number, file in zip(_NUMBERS, before, strict=True):
            now = _file_of(number)
            if now is None:
                _fill()
            if now != file:
                _lost.add(number)


def is_lost(stream: IO[str]) -> bool:
    """Whether the stream's number may be another file's by now: nothing is to be written to it."""
    try:
        return bool(_lost) and stream.fileno() in _lost
    except (OSError, ValueError):  # no file at all, as in tests
        return False


def _fill() -> None:
    """Opens the lowest free number."""
    opened = os.open(os.devnull, os.O_RDWR)
    if opened in _NUMBERS:
        os.set_inheritable(opened, True)
    else:  # another thread was faster, and holds that number now
        os.close(opened)


def _file_of(number: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return found.st_dev, found.st_ino
