"""Reads the end of what a command printed, for a report. Reads only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from batchdrain.runtime import folders


def read_tail(path: Path, most: int) -> str:
    """At most `most` bytes from the end, beginning with a whole line if possible, and with a first line that says how much is
    left out. '' if there is no such file, or if it is not a regular file of ours."""
    try:
        fd = folders.open_file(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return ""
        left_out = max(0, found.st_size - most)
        raw = os.pread(fd, most, left_out)
    except OSError:
        return ""
    finally:
        os.close(fd)
    if not left_out:
        return raw.decode("utf-8", "replace")
    kept = raw.partition(b"\n")[2] or raw  # if a single line is longer, its end
    return f"[{found.st_size - len(kept)} bytes before this are left out]\n{kept.decode('utf-8', 'replace')}"
