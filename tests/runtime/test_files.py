"""Files are written whole."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

import pytest

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import files, folders
from batchdrain.runtime.folders import MovableError


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


def test_a_file_that_could_not_be_written_leaves_the_old_one_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.replace(tmp_path / "x", [b"old"])
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "no space left")))
    with pytest.raises(OSError, match="no space left"):
        files.replace(tmp_path / "x", [b"new"])
    assert ((tmp_path / "x").read_bytes(), os.listdir(tmp_path)) == (b"old", ["x"])


def test_a_file_of_ours_is_for_nobody_else_and_one_of_the_users_keeps_its_mode(tmp_path: Path) -> None:
    files.replace(tmp_path / "ours", [b"1"])
    files.replace(tmp_path / "shared", [b"1"], mode=0o640)
    (tmp_path / "theirs").touch()
    (tmp_path / "theirs").chmod(0o604)
    (tmp_path / "link").symlink_to("theirs")
    files.write_for_people(tmp_path / "link", [b"a", b"b"], "plan")
    mask = os.umask(0o027)
    try:
        files.write_for_people(tmp_path / "new", [b"1"], "plan")
    finally:
        assert os.umask(mask) == 0o027
    modes = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in tmp_path.iterdir() if not path.is_symlink()}
    assert modes == {"ours": 0o600, "shared": 0o640, "theirs": 0o604, "new": 0o640}
    assert (tmp_path / "theirs").read_bytes() == b"ab"


@pytest.mark.parametrize("kind", ["fifo", "folder"])
def test_what_is_no_regular_file_is_neither_read_nor_written_for_people(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "x"
    os.mkfifo(place) if kind == "fifo" else place.mkdir()
    with pytest.raises((ValueError, IsADirectoryError)):
        files.read_for_people(place)
    with pytest.raises(FilesUnavailable, match="plan: is no regular file"):
        files.write_for_people(place, [b"1"], "plan")


def test_a_file_is_read_up_to_its_largest_size_and_no_further(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"12345")
    assert files.read_for_people(tmp_path / "x", 5) == b"12345"
    with pytest.raises(ValueError, match="is larger than 4 bytes"):
        files.read_for_people(tmp_path / "x", 4)
    assert files.LARGEST == 64 << 20


def test_only_the_temporary_files_that_nobody_holds_are_swept(tmp_path: Path) -> None:
    for name in (".x.1.tmp", ".held.2.tmp", "x.tmp", ".x", "x"):
        (tmp_path / name).touch()
    folder = os.open(tmp_path, os.O_RDONLY)
    holder = os.open(tmp_path / ".held.2.tmp", os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_SH)
    files.sweep(folder)
    os.close(holder)
    os.close(folder)
    assert sorted(os.listdir(tmp_path)) == [".held.2.tmp", ".x", "x", "x.tmp"]


@pytest.mark.parametrize("may", [True, False])
def test_a_dry_run_says_whether_a_file_could_be_written_and_writes_none(
    tmp_path: Path, may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def access(_: str, mode: int, *, dir_fd: int) -> bool:
        asked.append(mode)
        return may and dir_fd >= 0

    monkeypatch.setattr(os, "access", access)
    if may:
        files.write_for_people(tmp_path / "x", [b"1"], "plan", dry=True)
    else:
        with pytest.raises(FilesUnavailable, match="plan: Permission denied") as caught:
            files.write_for_people(tmp_path / "x", [b"1"], "plan", dry=True)
        assert caught.value.remedy == "name a file that can be written"
    assert (asked, os.listdir(tmp_path)) == ([os.W_OK | os.X_OK], [])


def test_no_file_of_ours_is_put_where_others_could_replace_its_folder(tmp_path: Path) -> None:
    place = tmp_path / "open" / "ours"
    place.mkdir(parents=True, mode=0o700)
    place.parent.chmod(0o777)
    with pytest.raises(MovableError):
        files.replace(place / "x", [b"1"])
    assert os.listdir(place) == []


def test_what_an_earlier_process_of_our_number_left_is_written_over(tmp_path: Path) -> None:
    """As after a restart in a container, where numbers are small."""
    stray = tmp_path / f".x.{os.getpid()}.tmp"
    stray.write_text("of a process that was killed")
    seen, real = list[str](), os.replace

    def replace(source: str, target: str, **folders: int) -> None:
        seen.append(source)
        real(source, target, **folders)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "replace", replace)
        files.replace(tmp_path / "x", [b"1"])
    assert (seen, os.listdir(tmp_path), (tmp_path / "x").read_bytes()) == ([stray.name], ["x"], b"1")


def test_a_link_is_not_swept_and_a_pipe_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "theirs").touch()
    (tmp_path / ".link.tmp").symlink_to("theirs")
    os.mkfifo(tmp_path / ".pipe.tmp")
    folder = os.open(tmp_path, os.O_RDONLY)
    before = os.listdir("/proc/self/fd")
    files.sweep(folder)
    assert os.listdir("/proc/self/fd") == before
    os.close(folder)
    assert sorted(os.listdir(tmp_path)) == [".link.tmp", "theirs"]


def test_a_new_file_of_the_users_has_the_mode_that_their_programs_give_it(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        files.write_for_people(tmp_path / "x", [b"1"], "plan")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o666


@pytest.mark.parametrize(
    ("error", "message", "remedy"),
    [
        (OSError("odd"), "plan: odd", "name a file that can be written"),
        (OSError(28, "No space left"), "plan: No space left", "name a file that can be written"),
        (MovableError("/p", "is a link", "chmod it"), "plan: /p is a link", "chmod it"),
    ],
)
def test_why_a_file_can_not_be_written_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, message: str, remedy: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(folders, "follow", fail)
    with pytest.raises(FilesUnavailable) as raised:
        files.write_for_people(tmp_path / "x", [b"1"], "plan")
    assert (raised.value.message, raised.value.remedy) == (message, remedy)


def test_why_a_file_is_not_read_is_told_in_whole_words(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "x").write_bytes(b"12345")
    for name, says in (("pipe", "is no regular file"), ("x", "is larger than 4 bytes")):
        with pytest.raises(ValueError, match=rf"\A{says}\Z"):
            files.read_for_people(tmp_path / name, 4)
