"""On whose disk a SQLite file lies: its locks, and the memory that its processes share, hold on one machine alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psutil

NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "ocfs2", "davfs",
     "fuse.glusterfs", "fuse.sshfs", "fuse.ceph", "fuse.s3fs", "fuse.rclone"}
)  # fmt: skip
"""File systems that several machines write to. Source: https://www.sqlite.org/wal.html, "does not work over a network"."""
REMEDY: Final = "put the file on a disk of this machine, or use PostgreSQL"


def abroad(file: Path) -> str | None:
    """Why SQLite can't be trusted with this file; None where it lies on this machine, and where that can't be told."""
    try:
        mounts = psutil.disk_partitions(all=True)
    except OSError:
        return None
    path = file.resolve()
    above = [mount for mount in mounts if path.is_relative_to(mount.mountpoint)]
    if not above:
        return None
    nearest = max(reversed(above), key=lambda mount: len(mount.mountpoint))  # of two at one place the later hides the earlier
    if nearest.fstype not in NETWORK:
        return None
    return f"{file} lies on a file system of the network ({nearest.fstype} at {nearest.mountpoint}), where SQLite's locks don't hold"
