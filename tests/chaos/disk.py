"""A small file system of a test's own, and tasks that are started with less than we may."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.workplace import DEADLINE_S, INV, Ran, Workplace


class Disk:
    """Two megabytes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        with self._ballast.open("ab", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                pass

    def only_to_be_read(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", str(self.path)], check=True)

    def make_room(self) -> None:
        self._ballast.unlink()


@contextmanager
def mounted(folder: Path) -> Iterator[Disk]:
    """Mount a disk, for a while; skip the test where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=755", "none", str(folder)]
    if os.geteuid() or shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system of our own can be mounted by root only")
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def start(place: Workplace, prefix: list[str], *argv: str) -> subprocess.Popen[bytes]:
    """A task, by a program that executes it with less rights or resources."""
    pipe = subprocess.PIPE
    command = [*prefix, *INV, *argv]
    return subprocess.Popen(command, cwd=place.root, env=place.environ(), stdout=pipe, stderr=pipe, start_new_session=True)


def ran(place: Workplace, prefix: list[str], *argv: str) -> Ran:
    process = start(place, prefix, *argv)
    out, err = process.communicate(timeout=DEADLINE_S)
    return Ran(process.returncode, out.decode(), err.decode())
