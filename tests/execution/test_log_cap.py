"""The cap on a command's output: its first and its last quarter stay."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from batchdrain.execution.guardian import system
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


def test_a_log_is_cut_once_it_takes_more_than_its_cap_and_not_before(tmp_path: Path) -> None:
    content = os.urandom(65_536)
    room = capped(tmp_path / "log", content)[1]
    before = len(os.listdir("/proc/self/fd"))
    assert capped(tmp_path / "log", content, most=room)[0] == content
    assert capped(tmp_path / "log", content, most=room - 1)[0] != content
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(("size", "is_cut"), [(8_191, False), (12_287, False), (12_288, True)])
def test_what_has_no_whole_block_between_the_parts_that_stay_is_not_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, is_cut: bool
) -> None:
    """The log took the room before its command cut it short."""
    punched = list[tuple[int, int]]()
    monkeypatch.setattr(system, "punch", lambda _, offset, length: punched.append((offset, length)))
    (tmp_path / "log").write_bytes(b"x" * size)
    with (tmp_path / "log").open("rb") as log:
        monkeypatch.setattr(os, "fstat", lambda _: SimpleNamespace(st_blocks=40, st_size=size))
        cap(log.fileno(), 4 * 4_096)
        monkeypatch.undo()
    assert punched == ([(4_096, 4_096)] if is_cut else [])
    assert (tmp_path / "log").read_bytes() == b"x" * size, "where nothing can be freed nothing is written over"
