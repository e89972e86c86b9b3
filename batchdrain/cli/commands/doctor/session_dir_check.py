"""The doctor's check of the folder of the sessions. Writes nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from batchdrain.cli.commands.doctor.project_checks import Finding
from batchdrain.database.network_disk import find_kernel_kind, find_network_kind
from batchdrain.runtime import folders
from batchdrain.runtime.text import agree

_ROOM_MB: Final = 200


def check_session_dir(folder: Path) -> Iterator[Finding]:
    """Check the folder, or if it does not exist yet, the nearest existing one above it."""
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not nearest.is_dir():
        yield Finding("session_dir", ok=False, message=f"{nearest} is no folder", cure="move it away, or name another folder")
        return
    if not os.access(nearest, os.W_OK | os.X_OK):
        yield Finding("session_dir", ok=False, message=f"{nearest} can't be written", cure="chmod it, or name another folder")
        return
    try:
        with folders.hold(nearest, guarded=True) as fd:
            found = os.fstat(fd)
            is_ours = found.st_uid == os.geteuid() and not folders.others_may_write(found, fd)
    except folders.MovableError as error:
        yield Finding("session_dir", ok=False, message=f"{error.filename} {error.strerror}", cure=error.cure)
        return
    if nearest == folder and not is_ours:
        yield Finding(
            "session_dir",
            ok=False,
            message=f"{folder} can be written by other users",
            cure=folders.cure_of_shared(found, folder),
        )
        return
    yield from _check_disk(folder, nearest)


def _check_disk(folder: Path, nearest: Path) -> Iterator[Finding]:
    """Check whether a drain may keep files there, and how much room there is."""
    if (kind := find_kernel_kind(nearest)) is not None:
        yield Finding(
            "session_dir", ok=False, message=f"{nearest} is on a virtual file system of the kernel ({kind}), which stores no files",
            cure="name a folder on a disk",
        )  # fmt: skip
        return
    usage = shutil.disk_usage(nearest)
    left_mb = usage.free // 1_000_000
    if usage.total and not left_mb:
        yield Finding(
            "session_dir", ok=False, message=f"there is no free space at {nearest}: a drain keeps its logs there",
            cure="free disk space, or name another folder",
        )  # fmt: skip
        return
    yield Finding("session_dir", ok=True, message=f"{folder} can be written")
    if (kind := find_network_kind(nearest)) is not None:
        yield Finding(
            "session_dir", ok=True, is_warning=True,
            message=f"{nearest} is on a network file system ({kind}): whether a session is in use is shown by its lock, which "
            "may not hold between machines",
            cure="name a folder on a disk of this machine",
        )  # fmt: skip
    if usage.total and left_mb < _ROOM_MB:
        yield Finding(
            "session_dir", ok=True, is_warning=True, message=f"{left_mb} MB {agree(left_mb, 'is', 'are')} free at {nearest}: a drain keeps its logs there",
            cure="free disk space, or name another folder",
        )  # fmt: skip
