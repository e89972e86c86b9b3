"""What a pool was asked, it does not forget; and how long a guardian may be silent."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.guardian import watched_order, wire
from batchdrain.execution.guardian_client import GuardianClient, GuardianOrder
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.order import EndedBy
from tests.execution.orders import Make


class Order:
    def __init__(self) -> None:
        self.asked: list[bool] = []

    def end(self, *, kill: bool) -> None:
        self.asked.append(kill)


def test_an_order_that_begins_after_an_interrupt_is_not_executed(order: Make, pool: GuardianPool, tmp_path: Path) -> None:
    """It was handed over just before: nobody would end it again."""
    pool.interrupt()
    ending = pool.execute(order("open('up', 'w')"))
    pool.close()
    assert ending.by is EndedBy.INTERRUPT
    assert not (tmp_path / "up").exists()


def test_a_kill_stays_a_kill_when_a_milder_word_comes_later(pool: GuardianPool) -> None:
    """`end_all` asks every command to end, also after the second signal."""
    one: Any = Order()
    pool._orders["t"] = one
    pool.interrupt()
    pool.interrupt(kill=True)
    pool.interrupt()
    pool.close()
    assert one.asked == [False, True, True]


def test_a_lease_that_is_lost_kills_its_own_command_alone(pool: GuardianPool) -> None:
    orders: dict[str, Any] = {"t": Order(), "u": Order()}
    pool._orders.update(orders)
    pool.end("t")
    pool.end("unknown")
    pool.close()
    assert [one.asked for one in orders.values()] == [[True], []]


@pytest.fixture
def client() -> Iterator[GuardianClient]:
    ours, theirs = socket.socketpair()
    found = GuardianClient(ours)
    yield found
    found.close()
    theirs.close()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    found = SimpleNamespace(now=1_000.0)
    monkeypatch.setattr(time, "monotonic", lambda: found.now)
    monkeypatch.setattr(wire, "boottime_ms", lambda: round(found.now * 1000))
    return found


def test_a_silent_guardian_is_overdue_once_limit_grace_and_slack_are_over(client: GuardianClient, clock: Any) -> None:
    """It kills for up to five seconds, and waits for the disk: to kill it earlier would lose the result."""
    ours, limit_ms = GuardianOrder(client), 1_060_000
    clock.now = 1_059.0
    assert not ours._is_overdue(limit_ms, 10.0)
    clock.now = 1_060.0
    assert not ours._is_overdue(limit_ms, 10.0)
    clock.now = 1_060.0 + 10.0 + watched_order.SLACK_S - 0.1
    assert not ours._is_overdue(limit_ms, 10.0)
    clock.now += 0.1
    assert ours._is_overdue(limit_ms, 10.0)


@pytest.mark.parametrize(("kill", "within_s"), [(False, 10.0 + watched_order.SLACK_S), (True, watched_order.KILLS_WITHIN_S)])
def test_a_guardian_that_was_asked_has_its_time_for_it(
    client: GuardianClient, clock: Any, kill: bool, within_s: float
) -> None:
    ours = GuardianOrder(client)
    ours.end(kill=kill)
    clock.now += within_s - 0.1
    assert not ours._is_overdue(10**9, 10.0)
    clock.now += 0.1
    assert ours._is_overdue(10**9, 10.0)


def test_a_word_before_the_whole_order_is_not_sent_and_comes_behind_it(
    client: GuardianClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be read as a part of the order."""
    sent: list[bytes] = []
    ours = GuardianOrder(client)
    monkeypatch.setattr(client, "sock", SimpleNamespace(send=lambda raw, _: sent.append(raw)))
    ours.extend(5_000)
    ours.end(kill=False)
    assert sent == []
    ours._ordered = True
    ours.extend(5_000)
    ours.end(kill=True)
    ours.end(kill=False)
    assert sent == [b"D1 5000\n", b"K1\n", b"K1\n"]
    monkeypatch.undo()
