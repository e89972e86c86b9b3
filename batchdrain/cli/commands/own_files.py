"""Whether a file is ours: neither it nor what leads to it may be written by others."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from batchdrain.model.errors import ConfigError
from batchdrain.runtime import folders

_LOOK: Final = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_CLOEXEC


def require_own(path: Path, what: str) -> None:
    """Raises ConfigError where others may write it, or put something else in its place or in that of a link or a folder on
    the way to it. `what`: it is for. Nothing where there is no such file."""
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
    """A folder with the sticky bit without its other rights to write: others may add files there, and change none."""
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return os.stat_result((found.st_mode & ~(stat.S_IWGRP | stat.S_IWOTH), *found[1:]))
    return found
