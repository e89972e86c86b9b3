"""Tells whether a SQLite file lies on a network's disk.
SQLite's locks and the memory its processes share work on one machine only."""

from __future__ import annotations

import os
import re
from collections.abc import Container
from pathlib import Path
from typing import Final

NETWORK: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "beegfs", "gpfs", "gfs2", "ocfs2", "davfs",
     "fuse.ceph", "fuse.ceph-fuse", "fuse.glusterfs", "fuse.sshfs", "fuse.s3fs", "fuse.rclone"}
)  # fmt: skip
"""File systems that several machines write to. Source: https://www.sqlite.org/wal.html, "does not work over a network". Those
between a virtual machine and its host (9p, virtiofs) are left out: the host seldom opens the file too."""
KERNEL: Final = frozenset(
    {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "debugfs", "tracefs", "securityfs", "configfs", "bpf", "pstore", "efivarfs",
     "mqueue", "binfmt_misc", "fusectl", "nsfs", "selinuxfs"}
)  # fmt: skip
"""File systems whose files are the kernel's own. Source: filesystems(5), and `nodev` in /proc/filesystems."""
REMEDY: Final = "put the file on a disk of this machine, or use PostgreSQL"
_MOUNTS: Final = Path("/proc/self/mountinfo")


def network_disk_problem_of(file: Path) -> str | None:
    """Why SQLite can't be trusted with this file; None if it lies on this machine, or if that can't be found out."""
    kind = find_network_kind(file)
    return None if kind is None else f"{file} is on a network file system ({kind}), where SQLite's locks don't hold"


def find_network_kind(place: Path) -> str | None:
    """The kind of network file system on which a file or folder lies, and where it is mounted;
    None if it lies on no such system."""
    return _find_kind(place, NETWORK)


def find_kernel_kind(place: Path) -> str | None:
    """Like `find_network_kind`, for the kernel's own file systems, which keep no files of users."""
    return _find_kind(place, KERNEL)


def _find_kind(place: Path, kinds: Container[str]) -> str | None:
    try:
        device = place.stat().st_dev
        mounts = [line.split() for line in _MOUNTS.read_text(errors="replace").splitlines()]
    except OSError:
        return None
    number = f"{os.major(device)}:{os.minor(device)}"
    for fields in mounts:  # proc(5): number, parent, device, root, place, options, more of them, "-", file system, source
        kind = fields[fields.index("-") + 1]
        if fields[2] == number and kind in kinds:
            mounted = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), fields[4])
            return f"{kind} at {mounted}"
    return None
