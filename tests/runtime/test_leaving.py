"""A process in which foreign code hangs ends all the same, and all that was printed is there."""

from __future__ import annotations

import subprocess
import sys

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
