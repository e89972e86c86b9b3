"""What others could turn elsewhere is not opened, and it is said who could do it and what to do about it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchdrain.runtime import folders
from batchdrain.runtime.folders import MovableError, cure_of_shared, follow, open_file, open_folder, others_may_write

NOBODY = 65_534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folders, "_OWNERS", set())
    path = tmp_path / "place"
    path.mkdir(mode=0o700)
    return path


@pytest.fixture
def as_nobody() -> Iterator[None]:
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


def refusal_of(path: Path, *, guarded: bool = True) -> MovableError:
    with pytest.raises(MovableError) as caught:
        os.close(open_folder(path, guarded=guarded))
    assert caught.value.errno == errno.EPERM
    return caught.value


def test_a_link_in_a_folder_that_others_may_write_to_is_followed_by_nobody(place: Path) -> None:
    (place / "target").mkdir()
    (place / "link").symlink_to("target")
    place.chmod(0o777)
    found = refusal_of(place / "link", guarded=False)
    assert found.filename == str(place / "link")
    assert found.strerror == f"is a link, and other users may redirect it: they may write to {place}"
    assert found.cure == f"chmod go-w {place}, or name another folder"
    os.close(open_folder(place / "target"))


def test_a_folder_in_one_that_others_may_write_to_is_refused_where_it_must_stay(place: Path) -> None:
    (place / "inner").mkdir()
    place.chmod(0o772)
    found = refusal_of(place / "inner")
    assert found.strerror == f"may be replaced by others: they may write to {place}"
    place.chmod(0o1777)
    os.close(open_folder(place / "inner", guarded=True))


def test_the_way_up_is_replaced_by_nobody(place: Path) -> None:
    for name in ("inner", "other"):
        (place / name).mkdir()
    (place / "inner").chmod(0o777)
    (place / "other").chmod(0o777)
    (place / "other" / "link").symlink_to("x")
    assert refusal_of(place / "inner" / ".." / "other" / "link").filename == str(place / "other" / "link")
    os.close(open_folder(place / "inner" / ".." / "other", guarded=True))


@as_root
def test_the_group_of_root_is_nobody_else(place: Path) -> None:
    place.chmod(0o770)
    os.chown(place, NOBODY, 0)
    found = place.stat()
    os.seteuid(NOBODY)
    try:
        told = others_may_write(found)
    finally:
        os.seteuid(0)
    assert not told


@as_root
def test_a_user_without_a_name_is_told_by_number(place: Path) -> None:
    (place / "inner").mkdir()
    os.chown(place, 54_321, 0)
    assert str(refusal_of(place / "inner").strerror).endswith(f"{place} belongs to uid 54321")


@as_root
def test_in_a_sticky_folder_its_owner_alone_may_replace_an_entry(place: Path) -> None:
    (place / "inner").mkdir()
    place.chmod(0o1777)
    os.chown(place / "inner", NOBODY, NOBODY)
    found = refusal_of(place / "inner")
    assert found.strerror == "may be replaced by others: it belongs to nobody"
    assert found.cure == "name a folder below one of your own"


@as_root
def test_in_a_folder_of_another_user_s_everything_may_be_replaced(place: Path) -> None:
    (place / "inner").mkdir()
    os.chown(place, NOBODY, NOBODY)
    found = refusal_of(place / "inner")
    assert (found.strerror, found.cure) == (
        f"may be replaced by others: {place} belongs to nobody",
        "name a folder below one of your own",
    )
    folders.trust_owner(place)
    os.close(open_folder(place / "inner", guarded=True))


@as_root
def test_only_root_trusts_the_owner_of_a_project(place: Path, as_nobody: None) -> None:
    folders.trust_owner("/")
    assert set() == folders._OWNERS
    assert folders._trusted() == {0, NOBODY}


def test_whom_a_folder_is_trusted_of() -> None:
    assert folders._trusted() >= {0, os.geteuid(), Path("/").stat().st_uid}
    folders.trust_owner("/nowhere at all")


@as_root
@pytest.mark.parametrize(
    ("uid", "gid", "mode", "may"),
    [
        (0, 0, 0o700, False), (0, 0, 0o755, False), (0, 0, 0o770, False), (0, 0, 0o702, True), (NOBODY, 0, 0o700, True),
        (0, 12_345, 0o720, True), (0, 12_345, 0o750, False),
    ],
)  # fmt: skip
def test_whether_others_may_write_to_a_folder(place: Path, uid: int, gid: int, mode: int, may: bool) -> None:
    os.chown(place, uid, gid)
    place.chmod(mode)
    assert others_may_write(place.stat()) is may


@as_root
def test_an_access_list_makes_the_bits_of_the_group_those_of_others(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.chmod(0o770)
    asked: list[tuple[str, str]] = []

    def getxattr(path: str, name: str) -> bytes:
        asked.append((path, name))
        return b"listed"

    fd = os.open(place, os.O_RDONLY)
    assert not others_may_write(place.stat(), fd)
    monkeypatch.setattr(os, "getxattr", getxattr)
    assert others_may_write(place.stat(), fd)
    assert not others_may_write(place.stat()), "without its descriptor it can't be asked"
    place.chmod(0o750)
    assert not others_may_write(place.stat(), fd)
    assert asked == [(f"/proc/self/fd/{fd}", "system.posix_acl_access")]
    os.close(fd)


@as_root
def test_the_cure_says_what_we_may_do_ourselves(place: Path) -> None:
    keeps = "; if a volume does not allow that, name a folder outside of it"
    assert cure_of_shared(place.stat(), "x") == f"chmod 700 x{keeps}"
    os.chown(place, NOBODY, NOBODY)
    assert cure_of_shared(place.stat(), "x") == f"chown 0 x and chmod 700 x{keeps}"
    found = place.stat()
    os.seteuid(12_345)
    try:
        told = cure_of_shared(found, "x")
    finally:
        os.seteuid(0)
    assert told == "name a folder of your own, or have nobody chown it to uid 12345 and chmod 700 it"


def test_missing_folders_are_made_with_their_mode_where_that_is_asked_for(place: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        open_folder(place / "a" / "b")
    assert caught.value.filename == str(place / "a" / "b")
    os.close(open_folder(place / "a" / "b", mode=0o750))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (place / "a", place / "a" / "b")] == [0o750, 0o750]
    (place / "file").touch()
    with pytest.raises(NotADirectoryError):
        open_folder(place / "file" / "b", mode=0o700)


def test_links_that_lead_to_each_other_come_to_an_end(place: Path) -> None:
    (place / "one").symlink_to("other")
    (place / "other").symlink_to("one")
    for look in (open_folder, follow):
        with pytest.raises(OSError, match="symbolic links") as caught:
            look(place / "one")
        assert caught.value.errno == errno.ELOOP


def test_a_link_is_followed_to_its_end_and_what_is_missing_there_has_its_name(place: Path) -> None:
    (place / "inner").mkdir()
    (place / "one").symlink_to("inner/two")
    (place / "inner" / "two").symlink_to(place / "three")
    fd, name = follow(place / "one")
    assert (os.fstat(fd).st_ino, name) == (place.stat().st_ino, "three")
    os.close(fd)
    (place / "three").touch()
    fd, name = follow(place / "one", guarded=True)
    assert (os.fstat(fd).st_ino, name) == (place.stat().st_ino, "three")
    os.close(fd)
    place.chmod(0o777)
    for guarded, path in ((False, place / "one"), (True, place / "three")):
        with pytest.raises(MovableError):
            follow(path, guarded=guarded)
    fd, _ = follow(place / "three")
    os.close(fd)


def test_a_file_is_opened_in_its_folder_and_a_link_in_its_place_is_not(place: Path) -> None:
    fd = open_file(place / "x", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    assert (os.get_inheritable(fd), stat.S_IMODE(os.fstat(fd).st_mode)) == (False, 0o600)
    os.close(fd)
    with pytest.raises(FileExistsError) as taken:
        open_file(place / "x", os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    (place / "link").symlink_to("x")
    with pytest.raises(OSError, match="symbolic links") as linked:
        open_file(place / "link", os.O_RDONLY)
    assert [taken.value.filename, linked.value.filename] == [str(place / "x"), str(place / "link")]
    place.chmod(0o777)
    (place / "inner").mkdir()
    with pytest.raises(MovableError):
        open_file(place / "inner" / "x", os.O_RDONLY | os.O_CREAT, guarded=True)
    os.close(open_file(place / "inner" / "x", os.O_RDONLY | os.O_CREAT, 0o640))
    assert stat.S_IMODE((place / "inner" / "x").stat().st_mode) == 0o640
