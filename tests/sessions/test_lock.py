"""The lock of a session: one holder, who is not turned away by somebody's look."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from batchdrain.sessions import lock


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
