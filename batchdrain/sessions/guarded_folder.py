"""Opens the folder of the sessions safely: anyone else who may write to it could replace a file."""

from __future__ import annotations

import os
from pathlib import Path

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import folders


def open_guarded(folder: Path, mode: int | None = None) -> int:
    """A descriptor of the folder. `mode`: create the folder with this mode if it is missing. Raises FilesUnavailable if
    others may write to it, and FileNotFoundError if it is missing and `mode` is None."""
    try:
        fd = folders.open_folder(folder, guarded=True, mode=mode)
    except folders.MovableError as error:
        raise FilesUnavailable(f"batchdrain.session_dir: {error.filename} {error.strerror}", remedy=error.cure) from error
    except OSError as error:
        if isinstance(error, FileNotFoundError) and mode is None:
            raise
        raise FilesUnavailable(
            f"batchdrain.session_dir: {folder}: {error.strerror}", remedy="make it writable or name another folder"
        ) from error
    found = os.fstat(fd)
    if found.st_uid != os.geteuid() or folders.others_may_write(found, fd):
        cure = folders.cure_of_shared(found, folder)
        os.close(fd)
        raise FilesUnavailable(f"batchdrain.session_dir: {folder} can be written by other users", remedy=cure)
    return fd
