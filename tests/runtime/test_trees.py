"""A folder with all that is in it: measured and removed, never through a link."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from batchdrain.runtime import trees


@pytest.fixture
def above(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield fd
    os.close(fd)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "mine").write_bytes(b"x" * 1_000)
    folder = tmp_path / "tree"
    (folder / "below").mkdir(parents=True)
    (folder / "a").write_bytes(b"12345")
    (folder / "below" / "b").write_bytes(b"1234567")
    (folder / "below" / "link").symlink_to(precious)
    for path, at in ((folder / "below" / "b", 2_000_000_000), (folder / "a", 1_000)):
        os.utime(path, (at, at))
    return folder


def test_a_tree_is_measured_by_its_files_and_its_latest_change(above: int, tree: Path) -> None:
    found = trees.measure(above, "tree")
    link = (tree / "below" / "link").lstat().st_size
    assert (found.files, found.size, found.changed_at) == (3, 5 + 7 + link, 2_000_000_000)
    assert (trees.measure(above, "precious").files, trees.measure(above, "precious").size) == (1, 1_000)
    with pytest.raises(FileNotFoundError):
        trees.measure(above, "absent")


def test_a_tree_is_removed_with_all_that_is_in_it_and_what_a_link_leads_to_stays(above: int, tree: Path) -> None:
    trees.remove(above, "tree")
    trees.remove(above, "tree")
    assert not tree.exists()
    assert (tree.with_name("precious") / "mine").exists()


def test_a_file_and_a_link_are_removed_as_themselves(above: int, tree: Path) -> None:
    (tree.with_name("turn")).symlink_to(tree)
    trees.remove(above, "turn")
    trees.remove(above, "precious")
    assert sorted(os.listdir(tree.parent)) == ["tree"]
    assert sorted(os.listdir(tree)) == ["a", "below"]


def test_a_folder_is_emptied_but_for_what_is_named(above: int, tree: Path) -> None:
    trees.empty(above, "tree", but={"a"})
    assert os.listdir(tree) == ["a"]


def test_what_can_not_be_removed_is_named_and_the_rest_is_gone(
    above: int, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.unlink

    def unlink(name: str, *, dir_fd: int) -> None:
        if name == "b":
            raise PermissionError(1, "is denied", name)
        real(name, dir_fd=dir_fd)

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", unlink)
        with pytest.raises(OSError, match="is denied") as caught:
            trees.remove(above, "tree")
    assert caught.value.filename == "tree/below/b"
    assert sorted(str(path.relative_to(tree)) for path in tree.rglob("*")) == ["below", "below/b"]


@pytest.mark.parametrize(("deep", "is_removed"), [(trees._DEEPEST, True), (trees._DEEPEST + 1, False)])
def test_a_tree_may_be_a_hundred_folders_deep(above: int, tmp_path: Path, deep: int, is_removed: bool) -> None:
    folder = tmp_path / "deep"
    folder.joinpath(*["d"] * (deep - 1)).mkdir(parents=True)
    if not is_removed:
        with pytest.raises(OSError, match="nested too deep"):
            trees.remove(above, "deep")
        return
    trees.remove(above, "deep")
    assert not folder.exists()


@pytest.mark.parametrize(("deep", "files"), [(100, 1), (101, 0)])
def test_a_tree_is_measured_down_to_the_hundredth_folder(above: int, tmp_path: Path, deep: int, files: int) -> None:
    folder = tmp_path.joinpath("deep", *["d"] * (deep - 1))
    folder.mkdir(parents=True)
    (folder / "file").touch()
    assert trees.measure(above, "deep").files == files


def test_what_lies_on_another_disk_is_neither_measured_nor_removed(
    above: int, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat

    def fstat(fd: int) -> os.stat_result:
        found = list(real(fd))
        found[2] += fd != above  # st_dev
        return os.stat_result(found)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fstat)
        found = trees.measure(above, "tree")
        with pytest.raises(OSError, match="is on another disk"):
            trees.remove(above, "tree")
    assert (found.files, found.size) == (0, 0)
    assert (tree / "a").exists()


def test_no_descriptor_of_a_folder_stays_open(above: int, tree: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    trees.measure(above, "tree")
    trees.remove(above, "tree")
    assert len(os.listdir("/proc/self/fd")) == before
    assert not tree.exists()


def test_a_link_is_measured_as_itself(above: int, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("absent")
    found = trees.measure(above, "link")
    assert (found.files, found.size) == (1, len("absent"))


def test_what_vanishes_meanwhile_keeps_nobody_from_the_rest(
    above: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "many").mkdir()
    for name in "abc":
        (tmp_path / "many" / name).write_text(name)
    remove, scan, asked = trees._remove_below, os.scandir, list[str]()

    class Entries:
        """The first one is gone before it is looked at."""

        def __init__(self, fd: int) -> None:
            self.found = list(scan(fd))

        def __enter__(self) -> Iterator[Any]:
            def gone(*, follow_symlinks: bool) -> NoReturn:
                raise FileNotFoundError(follow_symlinks)

            return iter([SimpleNamespace(stat=gone, name="gone"), *self.found])

        def __exit__(self, *_: object) -> None: ...

    def vanish(fd: int, entry: str, depth: int) -> None:
        asked.append(entry)
        if len(asked) == 1:
            raise FileNotFoundError
        remove(fd, entry, depth)

    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", Entries)
        assert trees.measure(above, "many").files == 3
        patched.setattr(trees, "_remove_below", vanish)
        trees.empty(above, "many")
    assert [path.name for path in (tmp_path / "many").iterdir()] == asked[:1]


@pytest.mark.parametrize("named", [None, "below"])
def test_why_a_folder_is_not_emptied_is_told_with_its_place(
    above: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str | None
) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a").touch()

    def fail(*_: object) -> None:
        raise PermissionError(13, "no", named)

    monkeypatch.setattr(trees, "_remove_below", fail)
    with pytest.raises(PermissionError) as raised:
        trees.empty(above, "one")
    assert raised.value.filename == f"one/{named or 'a'}"
    with pytest.raises(OSError, match="is nested too deep: 'one'"):
        trees.empty(above, "one", depth=100)
    monkeypatch.setattr(os, "fstat", lambda fd, real=os.fstat: SimpleNamespace(st_dev=fd) if fd != 1 else real(fd))
    with pytest.raises(OSError, match="is on another disk: 'one'"):
        trees.empty(above, "one")
    monkeypatch.undo()
