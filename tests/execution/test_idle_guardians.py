"""A guardian between two orders."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from batchdrain.execution.guardian_client import GuardianOrder
from batchdrain.execution.guardian_pool import GuardianPool, _to_message
from batchdrain.execution.order import EndedBy
from batchdrain.execution.order_files import open_files
from tests.execution.orders import Make, guarded
from tests.execution.sleep import sleeps_once_there_is
from tests.support.workplace import wait_for


def test_a_guardian_serves_one_order_after_another(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    for number in range(3):
        wanted = replace(
            order("import os; open('who', 'a').write(f'{os.getppid()} ')"),
            token=f"t.{number}", stdout_path=str(tmp_path / f"o{number}"), stderr_path=str(tmp_path / f"e{number}"),
        )  # fmt: skip
        assert pool.execute(wanted).exit_code == 0
    pool.close()
    assert len(set((tmp_path / "who").read_text().split())) == 1


def test_an_idle_guardian_leaves_when_the_lease_that_it_knew_of_is_over(
    order: Make, pool: GuardianPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its controller may be stopped: whoever comes after it waits for nobody."""
    sleeps_once_there_is(tmp_path / "slept", monkeypatch)
    first = guarded(order("pass"), tmp_path, lease_s=600)
    assert pool.execute(first).exit_code == 0
    [guard] = pool._spare
    assert guard.is_there()
    (tmp_path / "slept").touch()
    wait_for(lambda: not guard.is_there(), "the guardian to leave")
    second = replace(order("pass"), token="t.2", stdout_path=str(tmp_path / "o2"), stderr_path=str(tmp_path / "e2"))
    ending = pool.execute(second)
    pool.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def test_a_word_about_the_last_order_does_not_end_the_next(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    guard = pool.hire()
    late = GuardianOrder(guard)
    first = order("pass")
    assert late.execute(_to_message(first), open_files(first)) is not None
    late.end(kill=True)
    pool.keep(guard)
    second = replace(order("pass"), token="t.2", stdout_path=str(tmp_path / "o2"), stderr_path=str(tmp_path / "e2"))
    ending = pool.execute(second)
    pool.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def test_a_guardian_that_dies_while_it_is_idle_is_replaced(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    guard = pool.hire()
    assert guard.identity is not None
    os.kill(guard.identity.pid, signal.SIGKILL)
    wait_for(lambda: not guard.is_there(), "the guardian to be gone")
    pool.keep(guard)
    ending = pool.execute(order("pass"))
    pool.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


def test_a_guardian_that_is_gone_before_the_order_gets_no_successor(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    """The claim names it: recovery would not ask for another."""
    guard, wanted = pool.hire(), order("open('up', 'w')")
    assert guard.identity is not None
    pool.assign(guard, wanted.token)
    os.kill(guard.identity.pid, signal.SIGKILL)
    wait_for(lambda: not guard.is_there(), "the guardian to be gone")
    ending = pool.execute(wanted)
    pool.close()
    assert (ending.by, ending.message) == (EndedBy.LOST, "the guardian of the command was gone before it began")
    assert not (tmp_path / "up").exists()
