"""Checks whether a file is ours: others may write neither the file nor anything on the way to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from batchdrain.model.errors import ConfigError
from batchdrain.runtime import folders

_LOOK: Final = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_CLOEXEC


def require_own(path: Path, what: str) -> None:
    """Raises ConfigError if others may write the file, or replace it, a link or a folder on the way to it. `what`: what the
    file is for. Does nothing if there is no such file."""
    try:
        fd = os.open(path, _LOOK)
    except OSError:  # it names nothing
        return
    try:
        is_shared = folders.others_may_write(_without_sticky(os.fstat(fd)), fd)
    finally:
        os.close(fd)
    if is_shared:
        raise ConfigError(f"{path}: {what}, but others may write it", remedy=f"chmod go-w {path}, and own it")
    try:
        folder, _ = folders.follow(path.absolute(), guarded=True)
        os.close(folder)
    except folders.MovableError as error:
        raise ConfigError(f"{path}: {what}, but {error.filename} {error.strerror}", remedy=error.cure) from error
    except OSError:
        return


def _without_sticky(found: os.stat_result) -> os.stat_result:
    """The rights of a folder. With the sticky bit its rights to write for others are left out:
    they may add files there, but change none."""
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return os.stat_result((found.st_mode & ~(stat.S_IWGRP | stat.S_IWOTH), *found[1:]))
    return found
