"""The record of an ending: durable, whole, and the only one in its file."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution.guardian import guardian, spool_writer
from batchdrain.execution.guardian_report import KEPT

TOKEN = "s.0123456789abcdef.1"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[int]:
    folder = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield folder
    os.close(folder)


def kept(tmp_path: Path) -> Any:
    return json.loads((tmp_path / f"{TOKEN}.json").read_bytes())


def test_an_ending_is_on_disk_before_anybody_hears_of_it(spool: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The controller may tell a success that a loss of power would take back."""
    synced: list[bytes] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").read_bytes())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    spool_writer.note(spool, TOKEN, 7, 70)
    assert (synced, kept(tmp_path)) == ([], {"token": TOKEN, "command": [7, 70]})
    spool_writer.write(spool, TOKEN, {"by": "exit"})
    assert [json.loads(content) for content in synced] == [{"token": TOKEN, "by": "exit"}]


def test_a_shorter_record_leaves_nothing_of_a_longer_one(spool: int, tmp_path: Path) -> None:
    """As after a database was put back: the same token was used before."""
    spool_writer.write(spool, TOKEN, {"message": "x" * 5_000})
    spool_writer.write(spool, TOKEN, {"by": "exit"})
    assert kept(tmp_path) == {"token": TOKEN, "by": "exit"}


def test_short_writes_of_a_record_are_gone_on_with(spool: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, content: real(descriptor, bytes(content)[:7]))
    spool_writer.write(spool, TOKEN, {"by": "exit"})
    monkeypatch.undo()
    assert kept(tmp_path) == {"token": TOKEN, "by": "exit"}


def test_a_record_that_can_not_be_kept_is_an_error_and_a_note_is_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        spool_writer.write(None, TOKEN, {"by": "exit"})
    spool_writer.note(-1, TOKEN, 7, 70)
    spool_writer.drop(-1, TOKEN)


def test_a_record_that_is_dropped_is_gone_from_its_folder_alone(
    spool: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / f"{TOKEN}.json").touch()
    for token in (TOKEN, "other"):
        spool_writer.write(spool, token, {"by": "exit"})
    spool_writer.drop(spool, TOKEN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "other.json"]
    assert len(os.listdir(tmp_path / "elsewhere")) == 1


PLANTED: dict[str, Callable[[Path], object]] = {
    "nothing": lambda path: None,
    "a fifo": os.mkfifo,
    "a fifo that is read": lambda path: [os.mkfifo(path), os.open(path, os.O_RDONLY | os.O_NONBLOCK)],  # type: ignore[func-returns-value]
    "a folder": os.mkdir,
    "a link": lambda path: path.symlink_to(path.with_name("theirs")),
    "another name of a file": lambda path: os.link(path.with_name("theirs"), path),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_stands_in_a_records_place_is_moved_out_of_the_way(spool: int, tmp_path: Path, what: str) -> None:
    (tmp_path / "theirs").write_text("precious")
    PLANTED[what](tmp_path / f"{TOKEN}.json")
    before = len(os.listdir("/proc/self/fd"))
    for by in ("timeout", "exit"):
        spool_writer.write(spool, TOKEN, {"by": by})
    assert len(os.listdir("/proc/self/fd")) == before
    assert (kept(tmp_path), (tmp_path / "theirs").read_text()) == ({"token": TOKEN, "by": "exit"}, "precious")
    assert (tmp_path / f"{TOKEN}.json").stat().st_mode & 0o777 == 0o600
    odd = [] if what == "nothing" else [f".{TOKEN}.json.odd"]
    assert sorted(os.listdir(tmp_path)) == [*odd, f"{TOKEN}.json", "theirs"]


def test_a_guardian_keeps_the_endings_that_a_recovery_takes_for_results_and_no_other() -> None:
    """A command that was ended because its controller died has no result: its phase goes back."""
    assert {by.value for by in KEPT} == guardian._SPOOLED


def test_what_is_planted_once_more_in_a_records_place_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another name of one of the user's files, put there again in the moment in which the first one was moved out of the way."""
    theirs, place = tmp_path / "theirs", tmp_path / "spool"
    theirs.write_text("precious")
    place.mkdir()
    os.link(theirs, place / "t.json")
    real = os.rename

    def rename(source: str, target: str, **folders: int) -> None:
        real(source, target, **folders)
        os.link(theirs, place / "t.json")

    monkeypatch.setattr(os, "rename", rename)
    folder = os.open(place, os.O_RDONLY)
    with pytest.raises(FileExistsError):
        spool_writer.write(folder, "t", {"by": "exit"})
    os.close(folder)
    assert theirs.read_text() == "precious"
