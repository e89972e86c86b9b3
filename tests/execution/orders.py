"""Orders for a guardian, and how their processes are waited for."""

from __future__ import annotations

import array
import contextlib
import fcntl
import sys
import termios
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.order import TOKEN, Order
from tests.support.workplace import wait_for

DEADLINE_S = 60.0


Make = Callable[..., Order]


@pytest.fixture
def order(tmp_path: Path) -> Make:
    """An order for a Python program."""

    def make(program: str, timeout_s: float = 60.0, grace_s: float = 5.0) -> Order:
        return Order(
            token=f"{tmp_path.name}.1",
            argv=(sys.executable, "-c", program),
            env={"BATCHDRAIN_RUN_ID": "r", TOKEN: f"{tmp_path.name}.1"},
            without=frozenset({"HIDDEN"}),
            cwd=str(tmp_path),
            stdout_path=str(tmp_path / "out"),
            stderr_path=str(tmp_path / "err"),
            result_path=str(tmp_path / "result.json"),
            timeout_s=timeout_s,
            grace_s=grace_s,
        )

    return make


def ends(pid: int) -> bool:
    """Whether the process is gone, or goes at once: a signal that was sent takes its moment."""
    try:
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE or process.wait(DEADLINE_S) is None
    except psutil.NoSuchProcess:
        return True
    except psutil.TimeoutExpired:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


HANG = "import time; open('up', 'w'); time.sleep(600)"


@pytest.fixture
def pool() -> GuardianPool:
    return GuardianPool()


def guarded(order: Order, folder: Path, lease_s: float) -> Order:
    spool = folder / "spool"
    spool.mkdir(exist_ok=True)
    return replace(order, spool_dir=str(spool), deadline_ms=boottime_ms() + round(lease_s * 1000), limit_rule="test")


def extend(pool: GuardianPool, wanted: Order, deadline_ms: int) -> None:
    """Tell the guardian so, and wait until it has read it, or is gone."""
    guardian_order = pool._orders.get(wanted.token)
    if guardian_order is None:
        return
    pool.extend(wanted.token, deadline_ms)
    unread = array.array("i", [0])

    def has_read() -> bool:
        with contextlib.suppress(OSError):
            fcntl.ioctl(guardian_order._guard.sock, termios.TIOCOUTQ, unread)
            return unread[0] == 0
        return True

    wait_for(has_read, "the guardian to read it")
