"""The lock of a session: one holder, who is not turned away by somebody's look."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchdrain.sessions import lock
from tests.support.workplace import DEADLINE_S


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """The same file, opened twice: as by two controllers."""
    found = [os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT, 0o600) for _ in range(2)]
    yield found[0], found[1]
    for fd in found:
        os.close(fd)


def test_a_look_whether_a_lock_is_taken_keeps_nobody_from_taking_it(
    two: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`inv sessions` looks, by a lock of its own for a moment, while `inv resume` begins."""
    looks, takes = two
    fcntl.flock(looks, fcntl.LOCK_SH)
    monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looks, fcntl.LOCK_UN))

    lock.take(takes)

    assert lock.is_taken(looks)


def test_a_lock_that_somebody_keeps_is_not_given(two: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    keeps, takes = two
    monkeypatch.setattr(time, "sleep", lambda _: None)
    lock.take(keeps)
    with pytest.raises(BlockingIOError):
        lock.take(takes)


def test_looking_whether_a_lock_is_taken_takes_it_from_nobody_and_leaves_it_free(two: tuple[int, int]) -> None:
    looks, takes = two
    assert not lock.is_taken(looks)
    lock.take(takes)
    assert lock.is_taken(looks)
    assert lock.is_taken(looks)


@pytest.mark.parametrize("shares", [False, True], ids=["one descriptor", "two"])
def test_a_child_that_is_forked_holds_no_lock_of_ours(tmp_path: Path, two: tuple[int, int], *, shares: bool) -> None:
    """A worker of an engine outlives a controller that is killed; the lock of a chain has two descriptors there."""
    looks, _ = two
    held = [os.open(tmp_path / "lock", os.O_RDWR)]
    lock.take(held[0])
    held += [lock.share(held[0])] if shares else []
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        os.read(reader, 1)  # until the test is over
        os._exit(0)
    try:
        assert lock.is_taken(looks)
        for fd in held:
            os.close(fd)
        assert not _stays_taken(looks)
    finally:
        os.close(reader)
        os.close(writer)
        os.waitpid(child, 0)


def _stays_taken(fd: int) -> bool:
    """A child that was forked just now may not have closed its copies yet."""
    until = time.monotonic() + DEADLINE_S
    while lock.is_taken(fd):
        if time.monotonic() >= until:
            return True
        time.sleep(0.01)
    return False


@pytest.mark.parametrize(("name", "is_folder"), [("lock", False), ("logs", True), ("spool", True)])
def test_what_stands_in_the_place_of_a_file_or_folder_of_the_session_is_named_by_its_path(
    tmp_path: Path, name: str, is_folder: bool
) -> None:
    own = tmp_path / "s"
    own.mkdir(mode=0o700)
    (own / name).symlink_to(tmp_path if is_folder else tmp_path / "elsewhere")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(OSError, match=name) as caught:
        lock.open_in(tmp_path, "s")
    assert caught.value.filename == str(own / name)
    assert len(os.listdir("/proc/self/fd")) <= before + 1, "the folder of all is held, and nothing else"
    assert not (tmp_path / "elsewhere").exists()
