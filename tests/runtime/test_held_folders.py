"""Which folders are held: the last ones used, each as long as its path leads to it."""

from __future__ import annotations

import os
from pathlib import Path

from batchdrain.runtime.held_folders import MOST, READ, HeldFolders


def _is_held(held: HeldFolders, path: Path) -> bool:
    fd = held.open((str(path), False))
    if fd is not None:
        os.close(fd)
    return fd is not None


def test_of_more_folders_than_are_held_the_one_that_was_used_longest_ago_goes(tmp_path: Path) -> None:
    held, paths = HeldFolders(), [tmp_path / str(number) for number in range(MOST + 1)]
    for number, path in enumerate(paths):
        path.mkdir()
        if number == MOST:
            assert _is_held(held, paths[0])
        fd = os.open(path, READ)
        held.hold((str(path), False), fd)
        os.close(fd)
    assert [number for number, path in enumerate(paths) if not _is_held(held, path)] == [1]
    assert len(held._held) == MOST
    paths[0].rename(tmp_path / "moved")
    assert not _is_held(held, paths[0])
    assert len(held._held) == MOST - 1, "nothing is held of a path that leads elsewhere"
    for key in list(held._held):
        held._drop(key)
