"""What a process needs for its order is made its own before the order comes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from batchdrain.execution.guardian.wire import rehearse

PACKAGE = str(Path(__file__).parents[2])
FAULTS = """
import os, resource, socket, sys
sys.path.insert(0, sys.argv[1])
from batchdrain.execution.guardian.wire import _SAMPLE, Inbox, rehearse, send_order

def copied_for_an_order(begin):
    reader, writer = os.pipe()
    if os.fork() == 0:
        begin()
        ours, theirs = socket.socketpair()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        send_order(theirs, _SAMPLE, [])
        Inbox(ours).read_order()
        os.write(writer, b"%d" % (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before))
        os._exit(0)
    os.wait()
    return os.read(reader, 20).decode()

print(copied_for_an_order(lambda: None), copied_for_an_order(rehearse))
"""
WITHOUT_ROOM = """
import os, resource, sys
sys.path.insert(0, sys.argv[1])
from batchdrain.execution.guardian.wire import rehearse
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[2]) + len(os.listdir("/proc/self/fd")) - 1,) * 2)
rehearse()
print("goes on")
"""


def run(program: str, *arguments: str) -> str:
    argv = [sys.executable, "-I", "-S", "-c", program, PACKAGE, *arguments]
    return subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60).stdout


def test_after_a_rehearsal_an_order_waits_for_few_pages_that_a_fork_shares() -> None:
    unrehearsed, rehearsed = map(int, run(FAULTS).split())
    assert rehearsed < unrehearsed / 3


def test_a_rehearsal_leaves_nothing_open() -> None:
    before = os.listdir("/proc/self/fd")
    rehearse()
    assert os.listdir("/proc/self/fd") == before


def test_where_there_is_no_room_for_a_rehearsal_the_order_is_waited_for_all_the_same() -> None:
    assert [run(WITHOUT_ROOM, str(room)) for room in range(4)] == ["goes on\n"] * 4
