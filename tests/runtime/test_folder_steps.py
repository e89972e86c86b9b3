"""One step on the way to a folder: who is trusted with it, and what is told of whom."""

from __future__ import annotations

import errno
import grp
import os
import pwd
import socket
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.runtime import folders, forks, held_folders
from batchdrain.runtime.folders import MovableError
from batchdrain.runtime.held_folders import READ, HeldFolders


def entry(mode: int, uid: int = 0) -> Any:
    return SimpleNamespace(st_mode=mode, st_uid=uid, st_gid=5)


OPEN, OURS = stat.S_IFDIR | 0o777, stat.S_IFDIR | 0o755
MINE, LINK = entry(stat.S_IFDIR | 0o700), entry(stat.S_IFLNK | 0o777)


@pytest.mark.parametrize(
    ("folder", "found", "place", "may_change", "says", "cure"),
    [
        (entry(OPEN), MINE, "/x", True, "may be replaced by others: they may write to /", "chmod go-w /, or name another folder"),
        (entry(OPEN), MINE, "/a/x", False, "may be replaced by others: they may write to /a",
         "name another folder, or have uid 0 chmod go-w /a"),
        (entry(OURS, 77), LINK, "/a/x", True, "is a link, and other users may redirect it: /a belongs to uid 77",
         "name a folder below one of your own"),
        (entry(OPEN | stat.S_ISVTX), entry(OURS, 77), "/a/x", True, "may be replaced by others: it belongs to uid 77",
         "name a folder below one of your own"),
        (entry(OPEN | stat.S_ISVTX), MINE, "/a/x", True, None, None),
        (entry(OURS), entry(OURS, 77), "/a/x", True, None, None),
    ],
    ids=["at the root", "not ours to change", "another's folder", "another's in a sticky one", "ours in a sticky one", "another's in ours"],
)  # fmt: skip
def test_who_could_replace_an_entry_is_told_with_what_to_do_about_it(
    monkeypatch: pytest.MonkeyPatch, folder: Any, found: Any, place: str, may_change: bool, says: str | None, cure: str | None
) -> None:
    real = os.fstat
    monkeypatch.setattr(os, "fstat", lambda fd: folder if fd == -7 else real(fd))
    monkeypatch.setattr(folders, "_trusted", lambda: frozenset({0}))
    monkeypatch.setattr(folders, "_may_change", lambda _: may_change)
    monkeypatch.setattr(folders, "_name_of", lambda uid: f"uid {uid}")
    if says is None:
        folders._require_fixed(-7, found, place)
        return
    with pytest.raises(MovableError) as raised:
        folders._require_fixed(-7, found, place)
    assert (raised.value.strerror, raised.value.filename, raised.value.cure) == (says, place, cure)


@pytest.mark.parametrize(
    ("mode", "uid", "is_own", "has_acl", "may"),
    [
        (0o700, 0, False, False, False), (0o702, 0, True, False, True), (0o700, 77, True, False, True), (0o720, 0, True, False, False),
        (0o720, 0, False, False, True), (0o720, 0, True, True, True), (0o704, 0, False, True, False),
    ],
)  # fmt: skip
def test_others_may_write_by_its_owner_its_mode_its_group_and_its_list(
    monkeypatch: pytest.MonkeyPatch, mode: int, uid: int, is_own: bool, has_acl: bool, may: bool
) -> None:
    monkeypatch.setattr(folders, "_trusted", lambda: frozenset({0}))
    monkeypatch.setattr(folders, "_is_own_group", lambda gid, user: is_own and (gid, user) == (5, os.geteuid()))
    monkeypatch.setattr(folders, "_has_acl", lambda fd: has_acl and fd == 3)
    assert folders.others_may_write(entry(stat.S_IFDIR | mode, uid), 3) is may


def test_an_access_control_list_is_asked_of_an_open_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[tuple[str, str]]()

    def getxattr(path: str, name: str) -> bytes:
        asked.append((path, name))
        if path.endswith("/4"):
            raise OSError(errno.ENODATA, "none")
        return b"list" if path.endswith("/3") else b""

    monkeypatch.setattr(os, "getxattr", getxattr)
    assert [folders._has_acl(fd) for fd in (3, 4, 5, None)] == [True, False, False, False]
    assert asked == [(f"/proc/self/fd/{fd}", "system.posix_acl_access") for fd in (3, 4, 5)]
    monkeypatch.delattr(os, "getxattr")
    assert folders._has_acl(3) is False


def test_the_group_of_root_is_nobody_else_s_whatever_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    root = pwd.struct_passwd(("root", "x", 0, 0, "", "/", "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwall", lambda: [root])
    monkeypatch.setattr(grp, "getgrgid", lambda _: grp.struct_group(("wheel", "x", 0, [])))
    assert (folders._is_own_group.__wrapped__(0, 1001), folders._is_own_group.__wrapped__(7, 1001)) == (True, False)

    def unknown(_: int) -> Any:
        raise KeyError

    monkeypatch.setattr(grp, "getgrgid", unknown)
    assert folders._is_own_group.__wrapped__(0, 0) is False


def test_nothing_stays_open_of_a_way_that_was_followed(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to("target")
    os.close(folders.follow(tmp_path / "link")[0])  # the folder may stay open
    before = os.listdir("/proc/self/fd")
    for name, leads_to in (("link", "target"), ("target", "target"), ("absent", "absent")):
        fd, found = folders.follow(tmp_path / name)
        os.close(fd)
        assert found == leads_to
    with pytest.raises(NotADirectoryError) as raised:
        folders.open_folder(tmp_path / "target" / "x")
    assert raised.value.filename == str(tmp_path / "target" / "x")
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize(
    ("held_as", "asked", "is_found"), [(True, True, True), (True, False, True), (False, False, True), (False, True, False)]
)
def test_what_was_checked_as_guarded_serves_everybody(tmp_path: Path, held_as: bool, asked: bool, is_found: bool) -> None:
    held, fd = HeldFolders(), os.open(tmp_path, READ)
    held.hold((str(tmp_path), held_as), fd)
    os.close(fd)
    found = held.open((str(tmp_path), asked))
    assert (found is not None) is is_found
    if found is not None:
        assert os.get_inheritable(found) is False
        os.close(found)
    held._drop((str(tmp_path), held_as))


def test_a_child_has_a_lock_and_folders_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    held = HeldFolders()
    held._held[("/x", True)] = (1, 2, 3)
    held._lock.acquire()
    held.forget()
    assert (held._lock.locked(), len(held._held), held_folders.MOST) == (False, 0, 32)


def test_a_child_closes_what_is_still_the_same_and_forgets_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forks, "_files", {})
    kept, other = (os.open(tmp_path / name, os.O_CREAT) for name in ("kept", "other"))
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(forks, "_sockets", {ours})
    forks.keep_from_children(kept)
    forks.keep_from_children(other)
    forks._files[other] = (0, 0)
    forks._files[10_000] = (0, 0)
    forks._leave_to_the_parent()
    assert (forks._files, ours.fileno(), theirs.recv(1)) == ({}, -1, b"")
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(kept)
    os.close(other)
    theirs.close()
