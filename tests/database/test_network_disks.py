"""Each kind of file system on which SQLite's locks do not hold, and each that is the kernel's own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchdrain.database import network_disk
from batchdrain.database.network_disk import find_kernel_kind, find_network_kind, network_disk_problem_of

NETWORK = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "beegfs",
    "gpfs",
    "gfs2",
    "ocfs2",
    "davfs",
    "fuse.ceph",
    "fuse.ceph-fuse",
    "fuse.glusterfs",
    "fuse.sshfs",
    "fuse.s3fs",
    "fuse.rclone",
]
KERNEL = [
    "proc",
    "sysfs",
    "cgroup",
    "cgroup2",
    "devpts",
    "debugfs",
    "tracefs",
    "securityfs",
    "configfs",
    "bpf",
    "pstore",
    "efivarfs",
    "mqueue",
    "binfmt_misc",
    "fusectl",
    "nsfs",
    "selinuxfs",
]
OURS = ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "9p", "virtiofs", "vfat", "fuse", "fuseblk"]


@pytest.mark.parametrize("kind", [*NETWORK, *KERNEL, *OURS])
def test_a_file_system_is_of_the_network_of_the_kernel_or_of_neither(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tmp_path.stat().st_dev
    table = tmp_path / "mountinfo"
    table.write_text(f"36 35 {os.major(device)}:{os.minor(device)} / /srv rw shared:1 - {kind} server:/share rw\n")
    monkeypatch.setattr(network_disk, "_MOUNTS", table)
    found = f"{kind} at /srv"
    assert find_network_kind(tmp_path) == (found if kind in NETWORK else None)
    assert find_kernel_kind(tmp_path) == (found if kind in KERNEL else None)
    problem = f"{tmp_path} is on a network file system ({found}), where SQLite's locks don't hold"
    assert network_disk_problem_of(tmp_path) == (problem if kind in NETWORK else None)


def test_where_the_machine_tells_nothing_a_disk_is_taken_for_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_disk, "_MOUNTS", tmp_path / "absent")
    assert network_disk_problem_of(tmp_path) is None
