"""The end of a log, for a report: whole lines, of a regular file of ours, and how much is left out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchdrain.sessions.log_tail import read_tail


@pytest.mark.parametrize(
    ("raw", "most", "text"),
    [
        (b"one\ntwo\n", 8, "one\ntwo\n"),
        (b"one\ntwo\n", 7, "[4 bytes before this are left out]\ntwo\n"),
        (b"one\ntwo\nthree\n", 10, "[8 bytes before this are left out]\nthree\n"),
        (b"abcdefgh", 3, "[5 bytes before this are left out]\nfgh"),
        (b"", 3, ""),
        (b"caf\xe9", 9, "caf\ufffd"),
        (b"x" * 9 + b"\n\xe9\n", 6, "[10 bytes before this are left out]\n\ufffd\n"),
    ],
)
def test_the_end_of_a_log_begins_with_a_whole_line_where_there_is_one(
    tmp_path: Path, raw: bytes, most: int, text: str
) -> None:
    (tmp_path / "log").write_bytes(raw)
    assert read_tail(tmp_path / "log", most) == text


def test_what_is_no_regular_file_of_ours_has_no_end_and_holds_no_reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "log").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path / "log")
    os.mkfifo(tmp_path / "fifo")
    open_files = list[int]()
    for _ in range(2):  # the first time the folder is opened and held
        assert [read_tail(tmp_path / name, 9) for name in ("absent", "link", "fifo", ".")] == [""] * 4
        with monkeypatch.context() as patched:
            patched.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
            assert read_tail(tmp_path / "log", 9) == ""
        open_files.append(len(os.listdir("/proc/self/fd")))
    assert open_files[0] == open_files[1]


def test_a_disk_that_gives_an_error_while_it_is_read_makes_no_report_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    (tmp_path / "log").write_text("text")
    monkeypatch.setattr(os, "pread", fail)
    assert read_tail(tmp_path / "log", 9) == ""
