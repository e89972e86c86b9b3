"""Nothing stays open after a file or a folder was read, written, followed or swept: a drain does each of it thousands of times."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from batchdrain.runtime import files, folders
from batchdrain.runtime.text import safe_text


def sweep(place: Path) -> None:
    (place / ".a.json.1.tmp").touch()
    fd = os.open(place, os.O_RDONLY)
    files.sweep(fd)
    os.close(fd)
    assert not (place / ".a.json.1.tmp").exists()


def follow(place: Path) -> None:
    fd, name = folders.follow(place / "link")
    os.close(fd)
    assert name == "file"


def fail_to_read(place: Path) -> None:
    with pytest.raises(ValueError, match="is larger than 3 bytes"):
        files.read_for_people(place / "file", 3)
    with pytest.raises(IsADirectoryError):
        files.read_for_people(place)


ACTS: dict[str, Callable[[Path], object]] = {
    "replace": lambda place: files.replace(place / "new", [b"x"]),
    "read": lambda place: files.read_for_people(place / "file"),
    "fail to read": fail_to_read,
    "write": lambda place: files.write_for_people(place / "link", [b"x" * 9], "it"),
    "sweep": sweep,
    "follow": follow,
    "open": lambda place: os.close(folders.open_folder(place, guarded=True, mode=0o700)),
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_stays_open_after(act: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    counts = list[int]()
    for _ in range(3):  # the first time folders are opened and held
        ACTS[act](tmp_path)
        counts.append(len(os.listdir("/proc/self/fd")))
    assert counts[1] == counts[2]


@pytest.mark.parametrize(("most", "is_read"), [(8, True), (7, True), (6, False)])
def test_a_file_of_the_largest_size_is_read_whole(most: int, tmp_path: Path, *, is_read: bool) -> None:
    (tmp_path / "file").write_bytes(b"content")
    if is_read:
        assert files.read_for_people(tmp_path / "file", most) == b"content"
        return
    with pytest.raises(ValueError, match="is larger than 6 bytes"):
        files.read_for_people(tmp_path / "file", most)


def test_a_file_that_is_being_written_is_locked_so_that_nobody_sweeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept, write_all = list[bool](), files.write_all

    def write(fd: int, content: bytes) -> None:
        folder = os.open(tmp_path, os.O_RDONLY)
        files.sweep(folder)
        os.close(folder)
        swept.append(not list(tmp_path.glob(".*.tmp")))
        write_all(fd, content)

    monkeypatch.setattr(files, "write_all", write)
    files.replace(tmp_path / "a.json", [b"x"])
    assert (swept, (tmp_path / "a.json").read_bytes()) == ([False], b"x")


def test_a_stray_that_somebody_writes_stays(tmp_path: Path) -> None:
    stray = tmp_path / ".a.json.1.tmp"
    with stray.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        fd = os.open(tmp_path, os.O_RDONLY)
        files.sweep(fd)
        os.close(fd)
        assert stray.exists()


@pytest.mark.parametrize(
    ("sign", "shown"), [("\x9b", "\\x9b"), ("\x00", "\\x00"), ("\u2028", "\\u2028"), ("\U000e0001", "\\U000e0001")]
)
def test_a_sign_that_a_terminal_obeys_is_shown_by_its_number(sign: str, shown: str) -> None:
    assert safe_text(f"a{sign}b") == f"a{shown}b"
