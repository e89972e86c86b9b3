"""What a guardian makes of a word, a clock and the loss of its controller, before any process is asked."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution.guardian.guardian import Guardian
from batchdrain.execution.guardian.wire import Inbox, boottime_ms

GRACE_S = 20.0
Guard = Callable[..., Guardian]


class Ends:
    """The two ends of a guardian's socket."""

    def __init__(self) -> None:
        self.controller, self.guardian = socket.socketpair()


@pytest.fixture
def ends() -> Iterator[Ends]:
    it = Ends()
    yield it
    it.controller.close()
    it.guardian.close()


@pytest.fixture
def guard(ends: Ends, tmp_path: Path) -> Iterator[Guard]:
    """A guardian with an order whose command has not begun."""
    logs = [os.open(tmp_path / name, os.O_CREAT | os.O_RDWR) for name in ("out", "err")]

    def make(*, number: int = 2, deadline_ms: int | None = None, timeout_s: float = 3600.0) -> Guardian:
        order: dict[str, Any] = {"number": number, "deadline_ms": deadline_ms, "grace_s": GRACE_S, "timeout_s": timeout_s}
        return Guardian(ends.guardian, Inbox(ends.guardian), order, logs, adopts=False)

    yield make
    for log in logs:
        os.close(log)


def test_what_an_abandoned_command_has_left_is_cut_to_its_lease(ends: Ends, guard: Guard) -> None:
    """Nobody renews the lease any more: when it is over another controller may begin the phase."""
    deadline_ms = boottime_ms() + 5_000
    abandoned = guard(deadline_ms=deadline_ms)
    ends.controller.close()
    abandoned._listen()
    assert (abandoned.by, abandoned.kill_at_ms) == ("abandoned", deadline_ms)


def test_an_abandoned_command_with_a_long_lease_has_its_grace_and_no_more(ends: Ends, guard: Guard) -> None:
    before_ms = boottime_ms()
    abandoned = guard(deadline_ms=before_ms + 3_600_000)
    ends.controller.close()
    abandoned._listen()
    assert abandoned.kill_at_ms is not None
    assert GRACE_S * 1000 <= abandoned.kill_at_ms - before_ms <= boottime_ms() - before_ms + GRACE_S * 1000


@pytest.mark.parametrize("word", [b"T1\n", b"K1\n", b"T3\n", b"K3\n"])
def test_a_word_about_another_order_ends_nothing(ends: Ends, guard: Guard, word: bytes) -> None:
    """It was sent to the order before, which had ended by then."""
    later = guard(number=2)
    ends.controller.sendall(word)
    later._listen()
    assert (later.by, later.kill_at_ms) == ("exit", None)


def test_a_lease_that_is_renewed_for_another_order_is_not_this_ones(ends: Ends, guard: Guard) -> None:
    deadline_ms = boottime_ms() + 5_000
    later = guard(number=2, deadline_ms=deadline_ms)
    ends.controller.sendall(b"D1 %d\n" % (deadline_ms + 60_000))
    later._listen()
    assert later.deadline_ms == deadline_ms


def test_a_word_about_its_own_order_is_heeded(ends: Ends, guard: Guard) -> None:
    deadline_ms = boottime_ms() + 5_000
    ours = guard(number=2, deadline_ms=deadline_ms)
    ends.controller.sendall(b"D2 %d\nD2 %d\nK2\n" % (deadline_ms + 60_000, deadline_ms + 1))
    ours._listen()
    assert (ours.deadline_ms, ours.by) == (deadline_ms + 60_000, "interrupt")
    assert ours.kill_at_ms is not None
    assert ours.kill_at_ms <= boottime_ms()


def test_a_command_that_is_asked_to_end_has_its_grace(ends: Ends, guard: Guard) -> None:
    before_ms = boottime_ms()
    asked = guard(number=2)
    ends.controller.sendall(b"T2\n")
    asked._listen()
    assert asked.by == "interrupt"
    assert asked.kill_at_ms is not None
    assert asked.kill_at_ms >= before_ms + GRACE_S * 1000


def test_a_kill_keeps_the_first_reason_and_takes_the_grace_away(ends: Ends, guard: Guard) -> None:
    late = guard(number=2, timeout_s=0.0)
    late._check_clocks(boottime_ms())
    assert late.by == "timeout"
    ends.controller.sendall(b"K2\n")
    late._listen()
    assert late.by == "timeout"
    assert late.kill_at_ms is not None
    assert late.kill_at_ms <= boottime_ms()


def test_a_lease_that_is_over_is_told_before_a_time_limit_that_is_over_too(guard: Guard) -> None:
    """A timeout is a result; what ran beyond its lease has none that may be written."""
    late = guard(deadline_ms=boottime_ms() - 1, timeout_s=0.0)
    late._check_clocks(boottime_ms())
    assert late.by == "lease"


def test_a_lease_whose_end_was_noticed_late_leaves_no_second_grace(guard: Guard) -> None:
    """As after a machine's sleep."""
    deadline_ms = boottime_ms() - 60_000
    late = guard(deadline_ms=deadline_ms)
    late._check_clocks(boottime_ms())
    assert late._latest_kill_ms() == deadline_ms + GRACE_S * 1000
