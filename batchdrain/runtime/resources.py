"""Detects that the machine lacks memory or threads. Python reports this in many ways; here they become one error with its
remedy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from batchdrain.model.errors import FilesUnavailable

REMEDY: Final = "free memory or processes (ulimit -v, ulimit -u) and try again"
MOST_OF_AN_ANSWER: Final = 512 << 20
"""Our memory may grow by at most this many bytes during one answer of a server."""
_STATM: Final = Path("/proc/self/statm")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_SIGNS: Final = (
    "can't start new thread",  # RuntimeError
    "error return without exception set",  # SystemError, if there was no memory even for the exception
    "failed to map segment",  # ImportError of a library
    "cannot allocate memory",
)


def shortage_of(error: BaseException) -> FilesUnavailable | None:
    """The error to report; None if this error is about something else."""
    if isinstance(error, MemoryError):
        return FilesUnavailable("out of memory", remedy=REMEDY)
    message = str(error)
    if isinstance(error, (RuntimeError, SystemError, ImportError)) and any(sign in message.lower() for sign in _SIGNS):
        return FilesUnavailable(message, remedy=REMEDY)
    return None


@contextmanager
def raise_shortage() -> Iterator[None]:
    """Turns a shortage within this context into FilesUnavailable."""
    try:
        yield
    except Exception as error:
        shortage = shortage_of(error)
        if shortage is None:
            raise
        raise shortage from error


def resident_bytes() -> int:
    """The resident memory of this process; 0 if it cannot be read."""
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
