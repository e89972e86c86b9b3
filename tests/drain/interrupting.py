"""A drain that is interrupted while its command hangs."""

from __future__ import annotations

import os
import signal

from tests.support.workplace import Workplace, wait_for

DEADLINE_S = 60.0


def interrupt_while_hanging(project: Workplace, *argv: str, number: signal.Signals = signal.SIGINT) -> int:
    drain = project.start(*argv)
    wait_for(lambda: "hanging" in logs_of(project), "a phase to hang")
    os.kill(drain.pid, number)
    drain.communicate(timeout=DEADLINE_S)
    return drain.wait()


def logs_of(project: Workplace) -> str:
    return "".join(path.read_text() for path in project.sessions.glob("*/logs/*/*.stdout.txt"))
