"""Faults that were found by trying, each kept as the promise that it broke."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution.guardian import wire
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.order import EndedBy, Ending, Order
from tests.chaos.checker import REASON, still_running
from tests.chaos.disk import Disk, ran, start
from tests.chaos.faults import repeated
from tests.chaos.test_disks import disk
from tests.chaos.test_interrupts import ENDLESS, RELEASED, begun, interrupted, settled
from tests.chaos.watching import running
from tests.support.workplace import Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")

__all__ = ["disk"]


@repeated(6)
@pytest.mark.parametrize("signals", [["INT"], ["INT", "TERM"], ["INT", "INT", "TERM", "HUP", "INT"]], ids=len)
def test_one_two_and_five_signals_in_a_row_settle(sqlite_project: Workplace, signals: list[str], again: int) -> None:
    """The kernel may give a signal to any thread that hears it: only the main one may. Two equal ones at once are one to it."""
    act = "hang" if len(signals) == 1 or again % 2 else "deaf"
    sqlite_project.configure(**ENDLESS)
    sqlite_project.fail(f"r/p~{act}", reason=REASON)
    drain = sqlite_project.start("drain")
    begun(sqlite_project)

    for name in signals:
        drain.send_signal(getattr(signal, f"SIG{name}"))

    code, first = ended(drain)[0], sqlite_project.session()["stopped_because"]
    assert first.removeprefix("SIG") in signals
    assert code == 128 + signal.Signals[first]
    settled(sqlite_project, RELEASED)
    interrupted(sqlite_project, first)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    out, err, result = (str(tmp_path / name) for name in ("out", "err", "result"))
    argv = (sys.executable, "-c", "import time; time.sleep(600)")
    files = {"stdout_path": out, "stderr_path": err, "result_path": result, "cwd": str(tmp_path)}
    return Order(token="t.1", argv=argv, env={}, without=frozenset(), timeout_s=60, grace_s=1, **files)  # type: ignore[arg-type]


def test_an_interrupt_while_the_order_is_sent_ends_the_command(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    """A word must not go before, or into, the order on the same socket."""
    pool, real, found = GuardianPool(), wire.send_order, list[Ending]()

    def send_order(*args: Any) -> None:
        pool.interrupt()
        real(*args)

    monkeypatch.setattr(wire, "send_order", send_order)
    waiting = threading.Thread(target=lambda: found.append(pool.execute(order)), daemon=True)
    waiting.start()
    waiting.join(10)
    assert [ending.by for ending in found] == [EndedBy.INTERRUPT]
    pool.close()


def test_nohup_is_respected(sqlite_project: Workplace) -> None:
    """A SIGHUP that was ignored when the drain began stays ignored."""
    sqlite_project.fail("r/p~until=go", "s/p", reason=REASON)
    drain = start(sqlite_project, ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"], "drain")
    wait_for(lambda: (sqlite_project.root / "witness.txt").exists() and running(sqlite_project), "the command to run")
    drain.send_signal(signal.SIGHUP)
    (sqlite_project.root / "go").touch()

    assert ended(drain)[0] == 0
    assert set(sqlite_project.states().values()) == {"COMPLETE"}


def test_a_disk_of_the_sessions_that_is_full_from_the_start_claims_nothing(project: Workplace, disk: Disk) -> None:
    """Not even the lock can be written."""
    (project.root / ".autonomous_runs").symlink_to(disk.path)
    project.fail("r/p", reason=REASON)
    disk.fill()

    told = project.inv("drain")

    assert project.phases() == {"r/p": ("FAILED", REASON)}
    assert (told.code, "No space left on device" in told.err, "Traceback" in told.err) == (74, True, False), told
    disk.make_room()
    assert project.inv("drain").code == 0


BURST = "import sys\nfor _ in range(1000): sys.stdout.buffer.write(b'x' * 65536)"
DEAF = "import signal, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: sys.stdout.buffer.write(b'x' * 65536)"


@pytest.mark.parametrize(("program", "code"), [(BURST, 0), (DEAF, 1)], ids=["burst", "deaf"])
def test_what_a_command_prints_last_is_capped_too(sqlite_project: Workplace, program: str, code: int) -> None:
    """Also what came within the last half second."""
    sqlite_project.configure(
        command={"argv": [sys.executable, "-c", program], "grace_s": 0.7, "log_max_mb": 1},
        timeout={"default_s": 2, "adaptive": False},
    )
    sqlite_project.fail("r/p")

    assert sqlite_project.inv("drain").code == code

    [log] = sqlite_project.sessions.glob("*/logs/*/*.stdout.txt")
    assert log.stat().st_blocks * 512 < 2_500_000


@pytest.mark.parametrize("most", [6, 7, 8, 9])
def test_too_few_descriptors_for_the_plugins_are_told(sqlite_project: Workplace, most: int) -> None:
    """Already the files that name the plugins can't be opened."""
    sqlite_project.fail("r/p", reason=REASON)

    told = ran(sqlite_project, ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh"], "drain")

    assert (told.code in {74, 78}, "Traceback" in told.err) == (True, False), told
    assert sqlite_project.phases() == {"r/p": ("FAILED", REASON)}
    assert list(still_running(sqlite_project)) == []
