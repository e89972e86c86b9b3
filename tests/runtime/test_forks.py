"""What belongs to this process alone: a child that is forked has none of it."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

from batchdrain.runtime.forks import keep_from_children, keep_socket_from_children


def holds_in_a_child(found: Callable[[], bool]) -> bool:
    child = os.fork()
    if not child:
        os._exit(0 if found() else 1)
    return os.waitpid(child, 0)[1] == 0


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_a_descriptor_that_is_kept_from_children_is_closed_there_and_stays_open_here(tmp_path: Path) -> None:
    kept, plain = (os.open(tmp_path / name, os.O_RDWR | os.O_CREAT) for name in ("kept", "plain"))
    keep_from_children(kept)
    assert holds_in_a_child(lambda: not is_open(kept) and is_open(plain))
    assert is_open(kept)
    os.close(kept)
    os.close(plain)


def test_a_number_that_is_another_files_by_now_stays_open_in_a_child(tmp_path: Path) -> None:
    kept = os.open(tmp_path / "kept", os.O_RDWR | os.O_CREAT)
    keep_from_children(kept)
    os.close(kept)
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    os.dup2(other, kept)
    assert holds_in_a_child(lambda: is_open(kept))
    for fd in {kept, other}:
        os.close(fd)


def test_a_child_of_a_child_keeps_what_it_opened_under_that_number_itself(tmp_path: Path) -> None:
    (tmp_path / "same").touch()
    kept = os.open(tmp_path / "same", os.O_RDONLY)
    keep_from_children(kept)

    def opens_it_again() -> bool:
        os.dup2(os.open(tmp_path / "same", os.O_RDONLY), kept)
        return holds_in_a_child(lambda: is_open(kept))

    assert holds_in_a_child(opens_it_again)
    os.close(kept)


def test_a_socket_that_is_kept_from_children_is_closed_there_as_an_object() -> None:
    """Closed by its number alone, the object would close that number once more."""
    ours, theirs = socket.socketpair()
    keep_socket_from_children(ours)
    assert holds_in_a_child(lambda: ours.fileno() == -1 and theirs.fileno() >= 0)
    assert ours.fileno() >= 0
    ours.close()
    theirs.close()
