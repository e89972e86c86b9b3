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
from tests.workplace import Workplace, ended, wait_for

pytestmark = pytest.mark.everyday("sqlite")

__all__ = ["disk"]


@repeated(6)
@pytest.mark.parametrize("signals", [["INT"], ["INT", "TERM"], ["INT", "INT", "TERM", "HUP", "INT"]], ids=len)
def test_one_two_and_five_signals_in_a_row_settle(lite: Workplace, signals: list[str], again: int) -> None:
    """The kernel may give a signal to any thread that hears it: only the main one may. Two equal ones at once are one to it."""
    act = "hang" if len(signals) == 1 or again % 2 else "deaf"
    lite.configure(**ENDLESS)
    lite.fail(f"r/p~{act}", reason=REASON)
    drain = lite.start("drain")
    begun(lite)

    for name in signals:
        drain.send_signal(getattr(signal, f"SIG{name}"))

    code, first = ended(drain)[0], lite.session()["stopped_because"]
    assert first.removeprefix("SIG") in signals
    assert code == 128 + signal.Signals[first]
    settled(lite, RELEASED)
    interrupted(lite, first)


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


def test_nohup_is_respected(lite: Workplace) -> None:
    """A SIGHUP that was ignored when the drain began stays ignored."""
    lite.fail("r/p~until=go", "s/p", reason=REASON)
    drain = start(lite, ["sh", "-c", 'trap "" HUP; exec "$@"', "sh"], "drain")
    wait_for(lambda: (lite.root / "witness.txt").exists() and running(lite), "the command to run")
    drain.send_signal(signal.SIGHUP)
    (lite.root / "go").touch()

    assert ended(drain)[0] == 0
    assert set(lite.states().values()) == {"COMPLETE"}


def test_a_disk_of_the_sessions_that_is_full_from_the_start_claims_nothing(work: Workplace, disk: Disk) -> None:
    """Not even the lock can be written."""
    (work.root / ".autonomous_runs").symlink_to(disk.path)
    work.fail("r/p", reason=REASON)
    disk.fill()

    told = work.inv("drain")

    assert work.phases() == {"r/p": ("FAILED", REASON)}
    assert (told.code, "No space left on device" in told.err, "Traceback" in told.err) == (74, True, False), told
    disk.make_room()
    assert work.inv("drain").code == 0


BURST = "import sys\nfor _ in range(1000): sys.stdout.buffer.write(b'x' * 65536)"
DEAF = "import signal, sys\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: sys.stdout.buffer.write(b'x' * 65536)"


@pytest.mark.parametrize(("program", "code"), [(BURST, 0), (DEAF, 1)], ids=["burst", "deaf"])
def test_what_a_command_prints_last_is_capped_too(lite: Workplace, program: str, code: int) -> None:
    """Also what came within the last half second."""
    lite.configure(
        command={"argv": [sys.executable, "-c", program], "grace_s": 0.7, "log_max_mb": 1},
        timeout={"default_s": 2, "adaptive": False},
    )
    lite.fail("r/p")

    assert lite.inv("drain").code == code

    [log] = lite.sessions.glob("*/logs/*.stdout.txt")
    assert log.stat().st_blocks * 512 < 2_500_000


@pytest.mark.parametrize("most", [6, 7, 8, 9])
def test_too_few_descriptors_for_the_plugins_are_told(lite: Workplace, most: int) -> None:
    """Already the files that name the plugins can't be opened."""
    lite.fail("r/p", reason=REASON)

    told = ran(lite, ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh"], "drain")

    assert (told.code in {74, 78}, "Traceback" in told.err) == (True, False), told
    assert lite.phases() == {"r/p": ("FAILED", REASON)}
    assert list(still_running(lite)) == []
