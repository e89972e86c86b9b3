"""Protects the descriptors 0, 1 and 2, which foreign code may close.

The next file or connection that is opened would get the free number, and printed text would be written into it.
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
    """A context for foreign code. A descriptor that it closes is reopened on the null device. One that it closes or replaces
    counts as lost."""
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
    """Whether the descriptor of the stream was lost, so that nothing may be written to it."""
    try:
        return bool(_lost) and stream.fileno() in _lost
    except (OSError, ValueError):  # the stream is no file, as in tests
        return False


def _fill() -> None:
    """Open the null device on the lowest free number."""
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
