"""Creates and opens the files of an order, before its guardian gets them as descriptors."""

from __future__ import annotations

import contextlib
import os
from typing import Final

from batchdrain.execution.order import Order
from batchdrain.runtime import folders

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


def open_files(order: Order) -> list[int]:
    """Open the logs, the spool's folder, and the standard input. The guardian opens nothing by name, as a path might lead to
    somebody else's file by then. Raises OSError."""
    found = create_files(order.stdout_path, order.stderr_path)
    try:
        if order.spool_dir:
            with contextlib.suppress(FileNotFoundError):  # the guardian reports that it could keep no result
                found.append(folders.open_folder(order.spool_dir, guarded=True))
        if order.stdin_path:
            found.append(folders.open_file(order.stdin_path, os.O_RDONLY, guarded=True))
    except OSError:
        for fd in found:
            os.close(fd)
        raise
    return found


def create_files(*paths: str) -> list[int]:
    """Create new files in the folder of a run, and this folder if needed. Returns their descriptors. Raises OSError."""
    folder, found = os.path.dirname(paths[0]), list[int]()  # noqa: PTH120
    above = _open_folder_of_run(folder)
    try:
        for path in paths:
            found.append(os.open(path.rpartition("/")[2], _NEW, 0o600, dir_fd=above))
    except OSError as error:
        error.filename = path
        for fd in found:
            os.close(fd)
        raise
    finally:
        os.close(above)
    return found


def _open_folder_of_run(path: str) -> int:
    try:
        return folders.open_folder(path, guarded=True)
    except FileNotFoundError:
        above, name = os.path.split(path)
        with folders.hold(above, guarded=True) as fd, contextlib.suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=fd)
    return folders.open_folder(path, guarded=True)
