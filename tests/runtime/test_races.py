"""What others do to a folder while a file in it is written, opened or measured."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import files, folders, trees
from batchdrain.runtime.folders import MovableError


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "open" / "place"
    path.mkdir(parents=True, mode=0o700)
    return path


def test_a_file_is_replaced_in_no_folder_that_others_could_replace(place: Path) -> None:
    place.parent.chmod(0o777)
    with pytest.raises(MovableError):
        files.replace(place / "x", [b"new"])
    assert os.listdir(place) == []


def test_a_file_whose_temporary_one_was_swept_before_it_was_locked_is_written_again(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = list[str]()

    def sweep(fd: int, how: int) -> None:
        if not swept:
            swept.extend(os.listdir(place))
            (place / swept[0]).unlink()
            raise BlockingIOError
        flock(fd, how)

    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", sweep)
    files.replace(place / "x", [b"new"])
    assert ((place / "x").read_bytes(), os.listdir(place), swept) == (b"new", ["x"], [f".x.{os.getpid()}.tmp"])


def test_the_temporary_file_of_a_dead_process_with_our_number_is_in_nobody_s_way(place: Path) -> None:
    (place / f".x.{os.getpid()}.tmp").write_bytes(b"half")
    files.replace(place / "x", [b"new"])
    assert ((place / "x").read_bytes(), os.listdir(place)) == (b"new", ["x"])


def test_a_failure_to_write_is_told_though_its_temporary_file_is_gone_too(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: int) -> None:
        (place / f".x.{os.getpid()}.tmp").unlink()
        raise OSError(errno.EIO, "torn disk")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="torn disk"):
        files.replace(place / "x", [b"new"])


def test_a_link_that_others_could_redirect_is_named_with_its_cure_where_a_person_wants_a_file_written(place: Path) -> None:
    (place / "link").symlink_to("x")
    place.chmod(0o777)
    with pytest.raises(FilesUnavailable) as caught:
        files.write_for_people(place / "link", [b"x"], "--output")
    says = f"--output: {place / 'link'} is a link, and other users may redirect it: they may write to {place}"
    assert (caught.value.message, caught.value.remedy) == (says, f"chmod go-w {place}, or name another folder")


def test_an_error_without_a_text_of_the_system_s_is_told_as_it_is(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("odd")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(FilesUnavailable, match=r"plan: odd") as caught:
        files.write_for_people(place / "x", [b"x"], "plan")
    assert caught.value.remedy == "name a file that can be written"


def test_a_link_that_takes_a_file_s_place_after_its_links_were_followed_gives_no_mode(place: Path) -> None:
    (place / "file").touch()
    (place / "link").symlink_to("file")
    with folders.hold(place) as fd, pytest.raises(OSError, match="is no regular file"):
        files._mode_of(fd, "link")


def test_while_the_umask_is_read_nobody_gets_more_rights(monkeypatch: pytest.MonkeyPatch, place: Path) -> None:
    asked = list[int]()
    umask = os.umask

    def note(mask: int) -> int:
        asked.append(mask)
        return umask(mask)

    before = umask(0o022)
    try:
        monkeypatch.setattr(os, "umask", note)
        files.write_for_people(place / "x", [b"x"], "plan")
    finally:
        umask(before)
    assert asked == [0o077, 0o022]


def test_a_folder_named_from_where_we_are_is_found_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place.parent)
    for name in ("place", Path("place"), place):
        fd = folders.open_folder(name)
        assert os.fstat(fd).st_ino == place.stat().st_ino
        os.close(fd)


def test_a_link_that_somebody_puts_where_a_folder_is_being_made_is_followed_as_any_other(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "target").mkdir()

    def late(name: str, _: int, *, dir_fd: int) -> None:
        os.symlink("target", name, dir_fd=dir_fd)
        raise FileExistsError

    monkeypatch.setattr(os, "mkdir", late)
    fd = folders.open_folder(place / "new", mode=0o700)
    assert os.fstat(fd).st_ino == (place / "target").stat().st_ino
    os.close(fd)


OF_NO_FOLDER: dict[str, tuple[Callable[[Path], object], int]] = {
    "a folder below a file": (lambda place: folders.open_folder(place / "file" / "x", mode=0o700), errno.ENOTDIR),
    "a folder to read": (files.read_for_people, errno.EISDIR),
}


@pytest.mark.parametrize("what", OF_NO_FOLDER)
def test_what_is_of_the_wrong_kind_is_told_in_the_system_s_words(what: str, place: Path) -> None:
    (place / "file").touch()
    act, number = OF_NO_FOLDER[what]
    with pytest.raises(OSError, match=os.strerror(number)) as caught:
        act(place)
    assert (caught.value.errno, caught.value.strerror) == (number, os.strerror(number))


def test_a_link_is_measured_as_itself(place: Path) -> None:
    (place / "file").write_bytes(b"x" * 1_000)
    (place / "link").symlink_to("file")
    (place / "dangling").symlink_to("nowhere")
    with folders.hold(place) as fd:
        found = [trees.measure(fd, name) for name in ("link", "dangling")]
    assert [(one.files, one.size) for one in found] == [(1, len("file")), (1, len("nowhere"))]


@pytest.mark.parametrize("call", ["open", "scandir"])
def test_a_folder_that_can_not_be_looked_into_is_measured_as_far_as_it_goes(
    call: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "file").write_bytes(b"x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "is denied")

    with folders.hold(place.parent) as fd, monkeypatch.context() as patch:
        patch.setattr(os, call, refuse)
        assert trees.measure(fd, "place").files == 0


class Gone:
    """An entry that vanishes before it was looked at."""

    name = "gone"

    def stat(self, *, follow_symlinks: bool) -> os.stat_result:
        assert not follow_symlinks
        raise FileNotFoundError


class Entries:
    """The entries of a folder, after one that has vanished."""

    def __init__(self, entries: Any) -> None:
        self._entries = entries

    def __enter__(self) -> list[Any]:
        return [Gone(), *self._entries]

    def __exit__(self, *_: object) -> None:
        self._entries.close()


def test_what_vanishes_while_a_folder_is_measured_or_emptied_is_no_failure(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "file").write_bytes(b"x")
    scandir, listdir = os.scandir, os.listdir
    with folders.hold(place.parent) as fd, monkeypatch.context() as patch:
        patch.setattr(os, "scandir", lambda of: Entries(scandir(of)))
        patch.setattr(os, "listdir", lambda of: ["gone", *listdir(of)])
        assert trees.measure(fd, "place").files == 1
        trees.empty(fd, "place")
    assert os.listdir(place) == []


@pytest.mark.parametrize(("deep", "number"), [(100, errno.ELOOP), (0, errno.EXDEV)], ids=["too deep", "another disk"])
def test_why_a_tree_is_not_removed_is_told_by_its_number_too(
    deep: int, number: int, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat

    def fstat(fd: int) -> os.stat_result:
        found = list(real(fd))
        found[2] += number == errno.EXDEV and found[1] == place.stat().st_ino
        return os.stat_result(found)

    with folders.hold(place.parent) as fd, monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fstat)
        with pytest.raises(OSError, match="is ") as caught:
            trees.empty(fd, "place", depth=deep)
    assert (caught.value.errno, caught.value.filename) == (number, "place")
