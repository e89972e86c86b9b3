"""A machine that seems to sleep: for its guardians an hour passes in the moment in which the test says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdrain.execution.guardian import hire

_SLEEPY = """
import os, sys; sys.path.insert(0, sys.argv[1])
from batchdrain.execution.guardian import wire
real = wire.boottime_ms
wire.boottime_ms = lambda: real() + (3_600_000 if os.path.exists({slept!r}) else 0)
from batchdrain.execution.guardian.server import main
main()
"""


def sleeps_once_there_is(slept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the guardians of each pool that is made from now on: once that file is there, an hour more has passed."""
    monkeypatch.setattr(hire, "SERVE", _SLEEPY.format(slept=str(slept)))


def tasks_that_sleep_once_there_is(slept: Path, tasks: str) -> str:
    """The same for what a project's tasks.py begins."""
    return f"from batchdrain.execution.guardian import hire\nhire.SERVE = {_SLEEPY.format(slept=str(slept))!r}\n{tasks}"
