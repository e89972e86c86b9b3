"""A process in which foreign code hangs ends all the same, and all that was printed is there."""

from __future__ import annotations

import os
import subprocess
import sys
from types import SimpleNamespace
from typing import NoReturn

import pytest

from batchdrain.runtime import leaving
from tests.execution.orders import ends
from tests.support.workplace import DEADLINE_S

LEAVES = """
import sys, threading
from batchdrain.runtime.leaving import end_process
threading.Thread(target=threading.Event().wait).start()
sys.stdout.write("printed")
end_process({arguments})
"""
LEAVES_A_POOL = """
import multiprocessing, sys, time
from batchdrain.runtime.leaving import end_process
child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,))
child.start()
print(child.pid, flush=True)
end_process(3)
"""


def ran(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=DEADLINE_S, check=False)


def test_a_process_in_which_a_thread_hangs_ends_with_its_code_and_its_output() -> None:
    ended = ran(LEAVES.format(arguments="7, 'why it ended'"))
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, "printed", "why it ended\n")


def test_where_nothing_is_to_be_said_nothing_is_written() -> None:
    ended = ran(LEAVES.format(arguments="0"))
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "printed", "")


def test_a_stream_that_is_closed_keeps_no_process_from_ending() -> None:
    program = LEAVES.replace('sys.stdout.write("printed")', "sys.stdout = None; sys.stderr.close()")
    assert ran(program.format(arguments="5, 'unheard'")).returncode == 5


def test_processes_of_a_pool_are_ended_too() -> None:
    ended = ran(LEAVES_A_POOL)
    assert ended.returncode == 3
    assert ends(int(ended.stdout))


def test_that_something_hangs_is_kept_in_mind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "_hangs", [False])
    assert not leaving.is_hanging()
    leaving.note_hanging()
    assert leaving.is_hanging()


class Left(BaseException):
    """The process has ended."""


class Stream:
    """Keeps what was done to it."""

    def __init__(self, *, is_full: bool = False) -> None:
        self.told, self.is_full = list[str](), is_full

    def write(self, text: str) -> None:
        if self.is_full:
            raise OSError(28, "no space left")
        self.told.append(text)

    def flush(self) -> None:
        self.told.append("flushed")


@pytest.mark.parametrize("has_pool", [True, False])
@pytest.mark.parametrize("is_full", [True, False])
def test_all_is_flushed_and_each_child_of_a_pool_ended_before_the_end(
    monkeypatch: pytest.MonkeyPatch, has_pool: bool, is_full: bool
) -> None:
    ended = list[object]()

    def leave(code: int) -> NoReturn:
        ended.append(code)
        raise Left

    children = [SimpleNamespace(terminate=lambda number=number: ended.append(f"child {number}")) for number in range(2)]
    out, err = Stream(), Stream(is_full=is_full)
    with monkeypatch.context() as patched:
        patched.setattr(os, "_exit", leave)
        patched.setattr(sys, "stdout", out)
        patched.setattr(sys, "stderr", err)
        if has_pool:
            patched.setitem(sys.modules, "multiprocessing", SimpleNamespace(active_children=lambda: children))
        else:
            patched.delitem(sys.modules, "multiprocessing", raising=False)
        with pytest.raises(Left):
            leaving.end_process(7, "why")
        with pytest.raises(Left):
            leaving.end_process(0)
    assert ended == [*(["child 0", "child 1"] if has_pool else []), 7, *(["child 0", "child 1"] if has_pool else []), 0]
    assert err.told == ([] if is_full else ["why\n", "flushed", "", "flushed"])
    assert out.told == ["", "flushed"] * 2
