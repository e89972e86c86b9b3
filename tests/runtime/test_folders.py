"""Folders that are opened again and again: what was looked at once is held, and what takes its place is looked at anew."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

import pytest

from batchdrain.runtime import folders, held_folders


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "above" / "folder"
    path.mkdir(parents=True, mode=0o700)
    return path


def _names_in(path: Path, *, guarded: bool = False) -> list[str]:
    with folders.hold(path, guarded=guarded) as fd:
        return sorted(os.listdir(fd))


def _count_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("guarded", [False, True])
def test_a_folder_put_in_the_place_of_one_that_was_opened_is_the_one_that_is_opened_next(folder: Path, guarded: bool) -> None:
    (folder / "old").touch()
    assert _names_in(folder, guarded=guarded) == ["old"]
    folder.rename(folder.with_name("moved"))
    folder.mkdir(mode=0o700)
    (folder / "new").touch()
    assert _names_in(folder, guarded=guarded) == ["new"]


def test_a_folder_that_is_gone_is_not_there_though_it_was_opened_before(folder: Path) -> None:
    assert _names_in(folder) == []
    folder.rmdir()
    with pytest.raises(FileNotFoundError):
        folders.open_folder(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a folder of another user's")
def test_a_folder_that_others_put_in_its_place_is_refused_though_the_first_one_was_sound(folder: Path) -> None:
    assert _names_in(folder, guarded=True) == []
    folder.rename(folder.with_name("moved"))
    folder.parent.chmod(0o777)
    folder.mkdir(mode=0o700)
    with pytest.raises(folders.MovableError):
        folders.open_folder(folder, guarded=True)


def test_a_link_that_was_turned_elsewhere_leads_there(folder: Path) -> None:
    (folder / "first").touch()
    other = folder.with_name("other")
    other.mkdir()
    (other / "second").touch()
    link = folder.with_name("link")
    link.symlink_to(folder)
    assert _names_in(link) == ["first"]
    link.unlink()
    link.symlink_to(other)
    assert _names_in(link) == ["second"]


def test_what_an_unguarded_walk_found_is_no_answer_to_a_guarded_one(folder: Path) -> None:
    folder.parent.chmod(0o777)
    assert _names_in(folder) == []
    with pytest.raises(folders.MovableError):
        folders.open_folder(folder, guarded=True)


def test_two_descriptors_of_one_folder_list_it_each_from_its_beginning(folder: Path) -> None:
    (folder / "one").touch()
    with folders.hold(folder) as fd, folders.hold(folder) as other:
        assert os.listdir(fd) == os.listdir(other) == ["one"]


def test_of_many_folders_only_the_last_ones_are_held(tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(held_folders.MOST * 3)]
    for path in paths[: held_folders.MOST]:
        path.mkdir()
        assert _names_in(path) == []
    full = _count_descriptors()
    for path in paths[held_folders.MOST :]:
        path.mkdir()
        assert _names_in(path) == []
    assert _count_descriptors() == full


def test_a_child_that_is_forked_holds_none_of_them_and_can_open_folders_itself(folder: Path) -> None:
    assert _names_in(folder) == []
    inode = folder.stat().st_ino
    child = os.fork()
    if not child:
        kept = [fd for fd in os.listdir("/proc/self/fd") if _leads_to(fd, inode)]
        os._exit(0 if not kept and _names_in(folder) == [] else 1)
    assert os.waitpid(child, 0)[1] == 0


def _leads_to(fd: str, inode: int) -> bool:
    try:
        return os.fstat(int(fd)).st_ino == inode
    except OSError:
        return False


def test_a_folder_below_one_that_is_held_is_looked_at_step_by_step_from_there(folder: Path) -> None:
    (folder / "x").mkdir()
    assert _names_in(folder / "x", guarded=True) == []
    (folder / "x" / "y").mkdir()
    (folder / "x").chmod(0o777)
    with pytest.raises(folders.MovableError):
        folders.open_folder(folder / "x" / "y", guarded=True)
    assert _names_in(folder / ".." / "folder" / "x" / "y") == []


def _users_with_a_group_of_their_own() -> list[pwd.struct_passwd]:
    users = pwd.getpwall()
    return [
        user
        for user in users
        if user.pw_uid and [other.pw_name for other in users if other.pw_gid == user.pw_gid] == [user.pw_name]
        for group in grp.getgrall()
        if (group.gr_gid, group.gr_name, group.gr_mem) == (user.pw_gid, user.pw_name, [])
    ]


def test_a_user_s_own_group_is_nobody_else_and_another_user_s_is(tmp_path: Path) -> None:
    users = _users_with_a_group_of_their_own()
    if os.geteuid() or len(users) < 2:
        pytest.skip("only root can become another user")
    ours, theirs = users[:2]
    folder = tmp_path / "folder"
    folder.mkdir()
    folder.chmod(0o775)
    told = []
    for gid in (ours.pw_gid, theirs.pw_gid):
        os.chown(folder, ours.pw_uid, gid)
        found = folder.stat()
        os.seteuid(ours.pw_uid)
        try:
            told.append(folders.others_may_write(found))
        finally:
            os.seteuid(0)
    assert told == [False, True]


def test_a_folder_that_is_walked_to_again_is_held_once(folder: Path) -> None:
    os.close(folders.open_folder(folder, mode=0o700))
    before = _count_descriptors()
    for _ in range(3):
        os.close(folders.open_folder(folder, mode=0o700))
    assert _count_descriptors() == before


@pytest.mark.parametrize("guarded", [False, True])
def test_a_folder_that_was_walked_to_and_one_below_it_are_opened_without_another_walk_from_the_root(
    folder: Path, guarded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "below").mkdir(mode=0o700)
    steps, step = list[str](), folders._step

    def note(fd: int, name: str) -> int:
        steps.append(name)
        return step(fd, name)

    os.close(folders.open_folder(folder, guarded=guarded))
    monkeypatch.setattr(folders, "_step", note)
    os.close(folders.open_folder(folder, guarded=guarded))
    assert steps == []
    os.close(folders.open_folder(folder / "below", guarded=guarded))
    assert steps == ["below"]
    os.close(folders.open_folder(folder, guarded=guarded, mode=0o700))
    assert steps[1:] == str(folder).split("/")[1:], "a folder that may have to be made is walked to from the root"


def test_a_folder_that_others_could_replace_is_held_for_whoever_does_not_mind(folder: Path) -> None:
    folder.parent.chmod(0o777)
    with folders.hold(folder) as fd:
        assert os.fstat(fd).st_ino == folder.stat().st_ino


def _user(name: str, uid: int, gid: int) -> pwd.struct_passwd:
    return pwd.struct_passwd((name, "x", uid, gid, "", "/", "/bin/sh"))


@pytest.mark.parametrize(
    ("users", "members", "is_own"),
    [
        ([("ann", 1001, 1001)], [], True),
        ([("ann", 1001, 1001)], ["ann", "root"], True),
        ([("ann", 1001, 1001)], ["bob"], False),
        ([("ann", 1001, 1001), ("bob", 1002, 1001)], [], False),
        ([("ann", 1001, 1001), ("bob", 1002, 1002)], [], True),
        ([("eve", 1001, 1001), ("ann", 1002, 1002)], [], False),
    ],
    ids=["alone", "with root", "a member who is unknown", "whose first group it is", "others apart", "another's name"],
)
def test_a_group_is_a_user_s_own_where_it_has_the_name_and_nobody_else_is_in_it(
    users: list[tuple[str, int, int]], members: list[str], is_own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = [_user("root", 0, 0), *(_user(*one) for one in users)]
    monkeypatch.setattr(pwd, "getpwall", lambda: everybody)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: grp.struct_group(("ann", "x", gid, members)))
    assert folders._is_own_group.__wrapped__(1001, 1001) is is_own


def test_we_and_root_and_the_owner_of_the_root_folder_are_trusted_whatever_the_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In some containers root has another one."""
    found = list(Path("/").stat())
    found[4] = 77
    with monkeypatch.context() as patch:
        patch.setattr(folders, "_OWNERS", set())
        patch.setattr(os, "stat", lambda _: os.stat_result(found))
        patch.setattr(os, "geteuid", lambda: 1_000)
        trusted = folders._trusted()
    assert trusted == {0, 77, 1_000}


@pytest.mark.parametrize(("count", "is_found"), [(40, True), (41, False)])
def test_of_links_forty_are_followed(folder: Path, count: int, is_found: bool) -> None:
    for number in range(count):
        (folder / str(number + 1)).symlink_to(str(number))
    (folder / "0").mkdir()
    if is_found:
        os.close(folders.open_folder(folder / str(count)))
        return
    with pytest.raises(OSError, match="symbolic links"):
        folders.open_folder(folder / str(count))


def test_a_file_that_must_stay_is_in_no_folder_that_others_could_replace(folder: Path) -> None:
    folder.parent.chmod(0o777)
    fd, _ = folders.follow(folder / "x")
    os.close(fd)
    with pytest.raises(folders.MovableError):
        folders.follow(folder / "x", guarded=True)
