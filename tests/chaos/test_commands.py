"""Commands that print without end, or are killed."""

from __future__ import annotations

import sys

import pytest

from tests.chaos.faults import repeated
from tests.support.workplace import Workplace

pytestmark = pytest.mark.everyday("sqlite")

FLOOD = "import sys\nwhile True: sys.stdout.buffer.write(b'x' * 65536)"


@repeated(47)
def test_a_command_that_prints_without_end_takes_no_more_room_than_it_may(sqlite_project: Workplace) -> None:
    sqlite_project.configure(
        command={"argv": [sys.executable, "-c", FLOOD], "log_max_mb": 1}, timeout={"default_s": 2, "adaptive": False}
    )
    sqlite_project.fail("r/p")

    assert sqlite_project.inv("drain").code == 1

    assert sqlite_project.sql("SELECT outcome FROM batchdrain_attempt") == [("timeout",)]
    [log] = sqlite_project.sessions.glob("*/logs/*/*.stdout.txt")
    assert log.stat().st_blocks * 512 < 2_500_000


@repeated(5)
@pytest.mark.parametrize("number", [6, 9, 11])
def test_a_command_that_is_killed_fails_with_its_signal(sqlite_project: Workplace, number: int) -> None:
    sqlite_project.configure(command={"argv": [sys.executable, "-c", f"import os; os.kill(os.getpid(), {number})"]})
    sqlite_project.fail("r/p")

    assert sqlite_project.inv("drain").code == 1

    [(state, reason)] = sqlite_project.phases().values()
    assert (state, f" [signal {number}: " in (reason or "")) == ("FAILED", True)
