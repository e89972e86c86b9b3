"""Caps the output of a command. The command is neither blocked nor killed for it; the middle of the file is cut out instead."""

from __future__ import annotations

import os
from typing import Final

from batchdrain.execution.guardian import system

_BLOCK: Final = 4096
_CUT_NOTICE: Final = b"\n[batchdrain: the output was too long, its middle is cut out]\n"


def cap(descriptor: int, most: int) -> None:
    """If the file takes more than `most` bytes on disk, keep a quarter of that at its beginning and at its end."""
    found = os.fstat(descriptor)
    if found.st_blocks * 512 <= most:
        return
    kept = most // 4 // _BLOCK * _BLOCK
    end = (found.st_size - kept) // _BLOCK * _BLOCK
    if kept <= 0 or end <= kept:
        return
    # The command's descriptor appends: writing to the middle needs another one.
    own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        if system.punch(own, kept, end - kept):
            os.pwrite(own, _CUT_NOTICE, kept)
    finally:
        os.close(own)
