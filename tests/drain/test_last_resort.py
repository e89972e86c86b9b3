"""The last resort against a hang is no harm to what ended well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from batchdrain.drain import last_resort
from batchdrain.drain.services import OTHER_THREADS
from tests.support.workplace import DEADLINE_S, TASKS, Workplace

ENDS_WELL = """
import os, signal, threading
from batchdrain.drain.shutdown import Shutdown
with Shutdown().watch():
    writer = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(writer)
    held = os.dup(writer)  # as a child would that no hook of ours reached
    [watcher] = [one for one in threading.enumerate() if one.name == "batchdrain-last-resort"]
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
watcher.join(20)
print("lives" if not watcher.is_alive() else "is watched still")
"""
STARTS = """
import threading
begin = threading.Thread.start
def start(self):
    with open("started", "a") as names:
        print(self.name, file=names)
    begin(self)
threading.Thread.start = start
"""


def test_a_session_that_ended_well_after_two_signals_is_watched_no_more() -> None:
    ran = subprocess.run([sys.executable, "-c", ENDS_WELL], capture_output=True, timeout=DEADLINE_S, check=False)
    assert (ran.returncode, ran.stdout) == (0, b"lives\n"), ran.stderr


def test_a_watcher_that_begins_late_has_its_pipe_and_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[Callable[[], None]] = []
    monkeypatch.setattr(last_resort, "begin", lambda work, _: late.append(work))
    before = os.listdir("/proc/self/fd")
    with last_resort.ended_by_the_second_signal():
        pass
    late[0]()
    assert os.listdir("/proc/self/fd") == before
    assert signal.set_wakeup_fd(-1) == -1


@pytest.mark.everyday("sqlite", "postgresql")
def test_room_is_asked_for_each_thread_that_a_drain_begins(project: Workplace) -> None:
    (project.root / "tasks.py").write_text(STARTS + TASKS)
    project.fail("r/p")
    assert project.inv("drain").code in {0, 1}
    began = {line.removeprefix("batchdrain-") for line in (project.root / "started").read_text().split()}
    assert {name for name in began if not name.startswith("batchdrain_")} <= {*OTHER_THREADS, "silence"}, (
        "that of the start asks for itself, and does without"
    )
