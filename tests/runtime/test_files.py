"""Files are written whole."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from batchdrain.runtime import files


def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: real(fd, bytes(content)[:3]))
    files.replace(tmp_path / "x", [b"0123456789"])
    monkeypatch.undo()
    assert (tmp_path / "x").read_bytes() == b"0123456789"


def test_a_new_version_is_on_disk_whole_before_it_takes_the_old_ones_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After power loss a name may else lead to an empty file, or be missing."""
    steps: list[tuple[str, int]] = []
    real_fsync, real_replace = os.fsync, os.replace

    def fsync(fd: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file"
        steps.append((f"fsync of the {kind}", 0 if kind == "folder" else os.fstat(fd).st_size))
        real_fsync(fd)

    def replace(source: str, target: str, **folders: int) -> None:
        steps.append(("rename", 0))
        real_replace(source, target, **folders)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    files.replace(tmp_path / "x", [b"01234", b"56789"])

    assert steps == [("fsync of the file", 10), ("rename", 0), ("fsync of the folder", 0)]
