"""The cap on a command's output: the command is never blocked nor killed for it; the middle of the file is given up."""

from __future__ import annotations

import os
from typing import Final

from batchdrain.execution.guardian import system

_BLOCK: Final = 4096
_CUT_NOTICE: Final = b"\n[batchdrain: the output was too long, its middle is cut out]\n"


def cap(descriptor: int, most: int) -> None:
    """Where the file takes more room on disk than `most` bytes, keep its first and its last quarter of that."""
    found = os.fstat(descriptor)
    if found.st_blocks * 512 <= most:
        return
    kept = most // 4 // _BLOCK * _BLOCK
    end = (found.st_size - kept) // _BLOCK * _BLOCK
    if kept <= 0 or end <= kept:
        return
    # The command's descriptor appends: a write to its middle needs one that does not.
    own = os.open(f"/proc/self/fd/{descriptor}", os.O_WRONLY | os.O_CLOEXEC)
    try:
        if system.punch(own, kept, end - kept):
            os.pwrite(own, _CUT_NOTICE, kept)
    finally:
        os.close(own)
