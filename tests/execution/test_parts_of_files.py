"""Each bound of what is read of a file that a command filled, and each refusal of what is none."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution import left_files
from batchdrain.execution.left_files import (
    LeftFiles,
    hash_log,
    open_regular,
    put,
    read_head,
    read_left,
    read_small,
    read_tail,
)
from batchdrain.execution.order import RESULT_BYTES, TAIL_BYTES, ExecutionFiles
from batchdrain.runtime import folders


def files_in(place: Path) -> ExecutionFiles:
    return ExecutionFiles(**{name: str(place / name) for name in ("stdout", "stderr", "result")})


def test_nothing_of_what_was_read_stays_open(tmp_path: Path) -> None:
    for name in ("stdout", "stderr", "result"):
        (tmp_path / name).write_text(name)
    read_left(files_in(tmp_path))  # the folder may stay open
    before = os.listdir("/proc/self/fd")
    found = read_left(files_in(tmp_path))
    digest = hashlib.sha256(b"stderr").hexdigest()
    assert found == LeftFiles(result=b"result", stdout_tail=b"stdout", stderr_tail=b"stderr", log_sha256=digest)
    assert (read_head(files_in(tmp_path).result), read_tail(files_in(tmp_path).stdout)) == (b"result", b"stdout")
    assert hash_log(files_in(tmp_path).stderr) == digest
    assert os.listdir("/proc/self/fd") == before


def test_empty_logs_are_not_opened_and_have_the_digest_of_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdout", "stderr"):
        (tmp_path / name).touch()
    opened, real = list[object](), os.open

    def spy(path: Any, *given: Any, **more: Any) -> int:
        opened.append(path)
        return real(path, *given, **more)

    monkeypatch.setattr(os, "open", spy)
    nothing = hashlib.sha256().hexdigest()
    assert read_left(files_in(tmp_path)) == LeftFiles(log_sha256=nothing)
    assert not {"stdout", "stderr"} & {*map(str, opened)}


def test_a_pipe_in_the_place_of_a_log_has_no_digest_though_it_is_empty(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stderr")
    os.mkfifo(tmp_path / "stdout")
    assert read_left(files_in(tmp_path)) == LeftFiles(log_sha256=None)


@pytest.mark.parametrize("at", ["absent", "file/in"])
def test_without_their_folder_there_are_no_files(tmp_path: Path, at: str) -> None:
    (tmp_path / "file").touch()
    assert read_left(files_in(tmp_path / at)) == LeftFiles()
    assert (read_head(str(tmp_path / at)), read_tail(str(tmp_path / at)), hash_log(str(tmp_path / at))) == (b"", b"", None)


def test_a_folder_that_can_not_be_read_makes_the_result_one_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr(folders, "hold", fail)
    assert read_left(files_in(tmp_path)) == LeftFiles(result=b"\0")
    assert read_head(str(tmp_path / "x")) == b"\0"


MADE: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a fifo": os.mkfifo,
    "a link": lambda path: path.symlink_to(path.with_name("theirs")),
}


@pytest.mark.parametrize("late", [False, True], ids=["from the first", "put there in the last moment"])
@pytest.mark.parametrize("what", MADE)
def test_what_is_no_file_is_refused_and_waited_for_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, late: bool
) -> None:
    (tmp_path / "theirs").write_text("secret")
    MADE[what](tmp_path / "log")
    read_tail(str(tmp_path / "theirs"))  # the folder may stay open
    before, theirs, real = os.listdir("/proc/self/fd"), (tmp_path / "theirs").stat(), os.stat
    if late:
        monkeypatch.setattr(os, "stat", lambda path, **more: theirs if path == "log" else real(path, **more))
    with pytest.raises(OSError) as raised, open_regular(tmp_path / "log"):  # noqa: PT011 - its number is compared
        pass
    expected = errno.ELOOP if late and what == "a link" else errno.EINVAL
    assert (raised.value.errno, len(os.listdir("/proc/self/fd"))) == (expected, len(before))
    if expected == errno.EINVAL:
        assert (raised.value.strerror, raised.value.filename) == ("is no regular file", str(tmp_path / "log"))
    monkeypatch.undo()
    assert (read_head(str(tmp_path / "log")), read_tail(str(tmp_path / "log"))) == (b"\0", b"")


def test_of_a_result_file_one_byte_more_is_read_than_it_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert RESULT_BYTES == 16 * 1024 * 1024
    monkeypatch.setattr(left_files, "RESULT_BYTES", 3)
    (tmp_path / "result").write_bytes(b"01234567")
    assert read_head(str(tmp_path / "result")) == b"0123"


def test_a_small_file_is_ours_and_at_most_so_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"012")
    assert read_small(path, 3) == b"012"
    with pytest.raises(OSError, match=r"\] is not a small file of batchdrain: ") as raised:
        read_small(path, 2)
    assert (raised.value.errno, raised.value.filename) == (errno.EINVAL, str(path))
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(OSError, match="is not a small file"):
        read_small(path, 3)


@pytest.mark.parametrize(
    ("size", "hashed"), [(7, b"0123456"), (8, b"01234567"), (9, b"01235678"), (10, b"01236789"), (0, b"")]
)
def test_of_a_long_log_the_first_and_the_last_half_are_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int, hashed: bytes
) -> None:
    assert left_files.HASHED_BYTES == 64 * 1024 * 1024
    monkeypatch.setattr(left_files, "HASHED_BYTES", 8)
    (tmp_path / "log").write_bytes(b"0123456789"[:size])
    assert hash_log(str(tmp_path / "log")) == hashlib.sha256(hashed).hexdigest()


def test_a_file_is_read_in_blocks_and_as_far_as_it_goes_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(left_files, "_BLOCK", 4)
    (tmp_path / "log").write_bytes(b"0123456789")
    with open_regular(tmp_path / "log") as (fd, size):
        assert size == 10
        assert list(left_files._blocks(fd, 1, 8)) == [b"1234", b"5678"]
        assert list(left_files._blocks(fd, 0, 6)) == [b"0123", b"45"]
        assert list(left_files._blocks(fd, 8, 99)) == [b"89"], "it was cut meanwhile"
        assert list(left_files._blocks(fd, 0, 0)) == []


def test_the_hole_at_the_end_of_a_log_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"said\n")
    os.truncate(path, 10 * TAIL_BYTES)
    with open_regular(path) as (fd, size):
        assert 5 <= left_files._end_of_content(fd, size) < size
    assert read_tail(str(path)) == b"said\n"
    os.truncate(path, 0)
    os.truncate(path, 10 * TAIL_BYTES)
    assert read_tail(str(path)) == b""


@pytest.mark.parametrize(
    ("tail", "kept"),
    [
        (b"cut\nwhole line\n", b"whole line\n"),
        (b"cut\rwhole", b"whole"),
        (b"cut of a\nwhole line", b"whole line"),
        (b"cut of a line", b"of a line"),
        (b"cut\n", b"one unbroken word of more than 65536 bytes"),
        (b"cut word\n  \n", b"word\n  \n"),
        (b"unbroken", b"one unbroken word of more than 65536 bytes"),
    ],
)
def test_what_was_cut_goes_with_its_line_or_else_its_word(tail: bytes, kept: bytes) -> None:
    assert left_files._drop_cut_word(tail) == kept


def test_what_came_from_elsewhere_stands_alone_in_its_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    path = tmp_path / "run" / "stdout"
    put(str(path), b"a longer one")
    before = len(os.listdir("/proc/self/fd"))
    put(str(path), b"short")
    assert len(os.listdir("/proc/self/fd")) == before
    assert (path.read_bytes(), path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (b"short", 0o600, 0o700)
