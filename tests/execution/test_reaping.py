"""Who of a command's tree is collected, signalled and counted, as the system tells of it. In memory: no process is touched."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.execution.guardian import system
from batchdrain.execution.guardian.descent import Descent

COMMAND = 7
NOBODY = ChildProcessError()
BUSY = (0, 0, None)


class Tree:
    """What wait and /proc tell, one after another, and what was sent; time goes on with each look."""

    def __init__(self) -> None:
        self.waits: Iterator[Any] = iter([])
        self.below: Iterator[list[int]] = iter([])
        self.sent: list[tuple[str, int, int]] = []
        self.now = 100.0
        self.slept: list[float] = []

    def wait(self, pid: int, options: int) -> Any:
        assert (pid, options) == (-1, os.WNOHANG)
        found = next(self.waits)
        if isinstance(found, Exception):
            raise found
        return found

    def look(self, pid: int) -> list[int]:
        assert pid == os.getpid()
        return next(self.below)

    def send(self, kind: str, pid: int, number: int) -> None:
        self.sent.append((kind, pid, number))
        if pid == 99:
            raise ProcessLookupError

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += 1.0


@pytest.fixture
def tree(monkeypatch: pytest.MonkeyPatch) -> Tree:
    found = Tree()
    monkeypatch.setattr(os, "wait4", found.wait)
    monkeypatch.setattr(os, "kill", lambda pid, number: found.send("process", pid, number))
    monkeypatch.setattr(os, "killpg", lambda pid, number: found.send("group", pid, number))
    monkeypatch.setattr(system, "descendants_of", found.look)
    monkeypatch.setattr(time, "monotonic", lambda: found.now)
    monkeypatch.setattr(time, "sleep", found.sleep)
    return found


@pytest.mark.parametrize("adopts", [True, False])
def test_all_that_have_ended_are_collected_and_the_command_s_end_is_kept(tree: Tree, adopts: bool) -> None:
    usage: Any = object()
    tree.waits = iter([(5, 9, None), (COMMAND, 256, usage), (6, 0, None), BUSY, NOBODY])
    descent = Descent(COMMAND, adopts=adopts)
    assert (descent.status, descent.usage, descent.met) == (None, None, 0)
    assert descent.reap() is True
    assert (descent.status, descent.usage) == (256, usage)
    assert tree.sent == ([] if adopts else [("group", COMMAND, signal.SIGKILL)]), "what it left is nobody's child there"
    assert [descent.reap(), descent.reap()] == [False, False], "once nobody is left nobody is asked again"


def test_a_group_that_is_gone_already_is_no_trouble(tree: Tree) -> None:
    tree.waits = iter([(99, 0, None), BUSY])
    descent = Descent(99, adopts=False)
    assert (descent.reap(), descent.status) == (True, 0)


def test_the_group_is_asked_to_end_and_each_descendant_too(tree: Tree) -> None:
    tree.below = iter([[COMMAND, 99, 9]])
    Descent(COMMAND, adopts=True).terminate()
    term = signal.SIGTERM
    assert tree.sent == [("group", COMMAND, term), ("process", COMMAND, term), ("process", 99, term), ("process", 9, term)]


def test_whoever_is_left_is_killed_until_nobody_is_and_the_command_itself_is_not_counted(tree: Tree) -> None:
    tree.waits = iter([BUSY, (COMMAND, 9, None), BUSY, NOBODY])
    tree.below = iter([[COMMAND, 8], [8, 99]])
    descent = Descent(COMMAND, adopts=True)
    assert descent.kill(5.0) is True
    kill = signal.SIGKILL
    assert tree.sent == [
        ("group", COMMAND, kill), ("process", COMMAND, kill), ("process", 8, kill), ("process", 8, kill), ("process", 99, kill),
    ]  # fmt: skip
    assert (descent.met, descent.status) == (2, 9)
    assert tree.slept == [0.005, 0.005]


def test_nobody_is_signalled_where_nobody_is_left(tree: Tree) -> None:
    tree.waits = iter([(COMMAND, 0, None), NOBODY])
    descent = Descent(COMMAND, adopts=True)
    assert descent.reap() is False
    assert (descent.kill(5.0), descent.met, tree.sent) == (True, 0, [])


def test_what_can_not_be_killed_is_left_once_the_time_is_over(tree: Tree) -> None:
    tree.waits, tree.below = iter([BUSY] * 9), iter([[COMMAND]] * 9)
    descent = Descent(COMMAND, adopts=True)
    assert descent.kill(3.0) is False
    assert (tree.now, descent.met) == (103.0, 0)
