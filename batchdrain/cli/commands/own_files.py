"""Whether a file is ours: neither it nor what leads to it may be written by others."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from batchdrain.model.errors import ConfigError
from batchdrain.runtime import folders


def require_own(path: Path, what: str) -> None:
    """Raises ConfigError where others may write it, or put something else in its place or in that of a link or a folder on
    the way to it. `what`: it is for. Nothing where there is no such file."""
    try:
        found = path.stat()
    except OSError:  # it names nothing
        return
    shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:  # others may add files there, and change none
        shared = 0
    if shared or found.st_uid not in {os.geteuid(), 0}:
        raise ConfigError(f"{path}: {what}, but others may write it", remedy=f"chmod go-w {path}, and own it")
    try:
        folder, _ = folders.follow(path.absolute(), guarded=True)
        os.close(folder)
    except folders.MovableError as error:
        raise ConfigError(f"{path}: {what}, but {error.filename} {error.strerror}", remedy=error.cure) from error
    except OSError:
        return
