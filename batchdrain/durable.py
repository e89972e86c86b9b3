"""Files that are whole at every instant, whatever is killed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from batchdrain.errors import FilesUnavailable

LARGEST: Final = 64 * 1024 * 1024
"""Bytes of a session or plan file that are read at most."""


def write_all(fd: int, content: bytes) -> None:
    """A full disk gives short writes before it gives an error: go on until it does."""
    view = memoryview(content)
    while view:
        view = view[os.write(fd, view) :]


def replace(path: Path, parts: Iterable[bytes]) -> None:
    """Put a new version in place of the old one: at each instant one of the two stands there, complete.

    Raises OSError; the old version is untouched then and no temporary file stays.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            write_all(fd, b"".join(parts))
            os.fsync(fd)
        finally:
            os.close(fd)
        os.replace(temporary, path)  # noqa: PTH105 - the atomic step, named as the system names it
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    # fsync the folder too: after power loss a renamed file may otherwise be missing.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_output(path: Path, parts: Iterable[bytes]) -> None:
    """Write the file that `--output` names: through a link, and never in place of a device, a pipe or a folder.

    Raises FilesUnavailable.
    """
    target, why = Path(os.path.realpath(path)), "is no regular file"
    if not target.exists() or target.is_file():
        try:
            return replace(target, parts)
        except OSError as error:
            why = error.strerror or str(error)
    raise FilesUnavailable(f"--output: {path}: {why}", remedy="name a file that can be written")


def sweep(folder: Path) -> None:
    """Remove the temporary files that a killed writer left."""
    for stray in folder.glob(".*.tmp"):
        pid = stray.name.split(".")[-2]
        if pid.isdigit() and not Path(f"/proc/{pid}").exists():
            with contextlib.suppress(OSError):
                stray.unlink()
