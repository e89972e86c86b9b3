"""The cap on a command's output: its first and its last quarter stay."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from batchdrain.execution.guardian.logs import _CUT_NOTICE, cap

MOST = 1_000_000
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux frees a part of a file")


def capped(path: Path, content: bytes, most: int = MOST) -> tuple[bytes, int]:
    """What stands there then, and how much room it takes."""
    path.write_bytes(content)
    descriptor = os.open(path, os.O_RDWR)
    try:
        cap(descriptor, most)
        return path.read_bytes(), os.fstat(descriptor).st_blocks * 512
    finally:
        os.close(descriptor)


def test_a_log_below_its_cap_is_left_alone(tmp_path: Path) -> None:
    content = os.urandom(MOST // 2)
    assert capped(tmp_path / "log", content)[0] == content


def test_of_a_log_beyond_its_cap_the_first_and_the_last_quarter_are_kept(tmp_path: Path) -> None:
    """The command goes on to write: it needs room until the next look."""
    content = os.urandom(3 * MOST)
    found, room = capped(tmp_path / "log", content)
    quarter = MOST // 4 // 4096 * 4096
    assert len(found) == len(content)
    assert found[:quarter] == content[:quarter]
    assert found[-quarter:] == content[-quarter:]
    assert found[quarter : quarter + len(_CUT_NOTICE)] == _CUT_NOTICE
    assert room <= 0.55 * MOST
    assert found[quarter + len(_CUT_NOTICE) : len(content) - quarter - 4096].strip(b"\0") == b""


def test_a_cap_below_a_block_cuts_nothing(tmp_path: Path) -> None:
    content = os.urandom(50_000)
    assert capped(tmp_path / "log", content, most=10_000)[0] == content


def test_a_log_whose_middle_is_cut_out_already_is_left_alone_while_its_rest_has_room(tmp_path: Path) -> None:
    """What counts is the room on the disk: its length never shrinks."""
    path = tmp_path / "log"
    with path.open("wb") as file:
        file.write(b"first")
        file.seek(9 * MOST)
        file.write(b"last")
    descriptor = os.open(path, os.O_RDWR)
    cap(descriptor, MOST)
    os.close(descriptor)
    assert _CUT_NOTICE not in path.read_bytes()
