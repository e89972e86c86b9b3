"""What passes between a controller and a guardian, line by line and order by order, however the socket cuts it."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution.guardian import hire, wire
from batchdrain.execution.guardian.hire import GuardianLines, to_process
from batchdrain.execution.guardian.wire import Inbox, boottime_ms, send_order
from tests.support.workplace import DEADLINE_S

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_each_line_is_heard_by_itself_however_it_comes(pair: Pair) -> None:
    lines = GuardianLines(pair[0])
    assert lines.hear(0) is None
    pair[1].send(b"S1 2\nX{}\nhal")
    assert [lines.hear(DEADLINE_S), lines.hear(0), lines.hear(0)] == [b"S1 2", b"X{}", None]
    pair[1].send(b"f\n\n")
    assert [lines.hear(DEADLINE_S), lines.hear(0)] == [b"half", b""]
    pair[1].send(b"the la")
    pair[1].close()
    assert lines.hear(DEADLINE_S) == b"", "half a line is none"


def test_a_line_without_an_end_is_that_of_no_guardian(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hire, "_LONGEST_LINE", 8)
    lines = GuardianLines(pair[0])
    for _ in range(2):
        pair[1].send(b"x" * 5)
        assert lines.hear(0.01) is None
    pair[1].send(b"x\n")
    assert lines.hear(DEADLINE_S) == b""


def test_a_line_is_waited_for_as_long_as_it_may_take(pair: Pair) -> None:
    lines = GuardianLines(pair[0])
    pair[1].send(b"a")
    threading.Timer(0.2, pair[1].send, [b"b\n"]).start()
    assert lines.hear(DEADLINE_S) == b"ab"


def test_a_server_that_takes_no_call_is_told_of(pair: Pair) -> None:
    pair[1].close()
    with pytest.raises(BrokenPipeError):
        hire.call_guardian(pair[0])


def test_a_send_to_a_process_that_is_stopped_comes_to_an_end(pair: Pair) -> None:
    GuardianLines(pair[0])
    assert struct.unpack("ll", pair[0].getsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, 16)) == (30, 0)


@pytest.mark.parametrize(
    ("raw", "process"),
    [
        (b"1 0", (1, 0)),
        (b"4194304 9223372036854775807", (1 << 22, (1 << 63) - 1)),
        (b"0 1", None),
        (b"-1 1", None),
        (b"4194305 1", None),
        (b"1 -1", None),
        (b"1 9223372036854775808", None),
        (b"1", None),
        (b"1 2 3", None),
        (b"a b", None),
        (b"", None),
    ],
)
def test_a_process_is_a_number_and_a_start_that_a_machine_can_have(raw: bytes, process: tuple[int, int] | None) -> None:
    if process is not None:
        assert to_process(raw) == process
        return
    with pytest.raises(ValueError, match=r".*"):
        to_process(raw)


def test_an_order_comes_whole_with_its_descriptors_and_what_stood_before_it_came_too_late(pair: Pair, tmp_path: Path) -> None:
    inbox, logs = Inbox(pair[0]), [os.open(tmp_path / name, os.O_WRONLY | os.O_CREAT) for name in ("out", "err")]
    pair[1].send(b"D1 5\nT1\n")
    send_order(pair[1], {"token": "a", "argv": ["x" * 90_000]}, logs)
    pair[1].send(b"K2\n")
    found = inbox.read_order()
    assert found is not None
    order, descriptors = found
    assert (order["token"], len(order["argv"][0])) == ("a", 90_000)
    assert [os.fstat(one).st_ino for one in descriptors] == [os.fstat(log).st_ino for log in logs]
    assert not any(map(os.get_inheritable, descriptors))
    if b"K2" not in inbox._unread:
        inbox.receive()
    assert (inbox.read_messages(), inbox.closed) == ([b"K2"], False)
    for one in (*logs, *descriptors):
        os.close(one)


def test_a_message_is_read_once_its_end_is_there(pair: Pair) -> None:
    inbox = Inbox(pair[0])
    pair[1].send(b"T1\nD1 ")
    inbox.receive()
    assert (inbox.read_messages(), inbox.read_messages()) == ([b"T1"], [])
    pair[1].send(b"7\n")
    inbox.receive()
    assert inbox.read_messages() == [b"D1 7"]


def test_no_order_comes_from_a_controller_that_is_gone_or_gives_none_in_time(pair: Pair) -> None:
    inbox = Inbox(pair[0])
    assert inbox.read_order(boottime_ms() - 1) is None
    assert not inbox.closed
    pair[1].send(b"O\x00\x00\x00\x05{}")
    pair[1].close()
    assert inbox.read_order() is None
    assert inbox.closed


def test_an_order_is_read_whole_however_it_is_cut(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    receive, inbox = socket.recv_fds, Inbox(pair[0])
    monkeypatch.setattr(socket, "recv_fds", lambda sock, _, most: receive(sock, 1, most))
    pair[1].send(b"D1 5\nT1\n")
    send_order(pair[1], {"token": "a"}, [pair[1].fileno()])
    send_order(pair[1], {"token": "b"}, [])
    found = [inbox.read_order(), inbox.read_order(boottime_ms() + 300)]
    assert [one and one[0] for one in found] == [{"token": "a"}, {"token": "b"}]
    descriptors = [descriptor for one in found for descriptor in (one[1] if one else [])]
    assert len(descriptors) == 1
    os.close(descriptors[0])


def test_what_is_sent_of_an_order_at_first_is_gone_on_with(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a signal, or once a guardian that was stopped has taken for too long."""
    send = socket.send_fds
    monkeypatch.setattr(socket, "send_fds", lambda sock, parts, fds: send(sock, [parts[0][:7]], fds))
    send_order(pair[1], {"token": "a"}, [])
    assert Inbox(pair[0]).read_order() == ({"token": "a"}, [])


def test_an_order_without_a_latest_time_is_waited_for(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    receive = socket.recv_fds

    def come(*given: Any) -> Any:
        send_order(pair[1], {"token": "a"}, [])
        return receive(*given)

    monkeypatch.setattr(wire, "_SLICE_MS", 0)
    monkeypatch.setattr(socket, "recv_fds", come)
    assert Inbox(pair[0]).read_order() == ({"token": "a"}, [])


def test_an_order_is_waited_for_until_its_time_and_no_longer(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([4, 5, 6])
    monkeypatch.setattr(wire, "_SLICE_MS", 0)
    monkeypatch.setattr(wire, "boottime_ms", lambda: next(clock))
    assert (Inbox(pair[0]).read_order(5), list(clock)) == (None, [6])


def test_the_time_of_leases_goes_on_while_a_machine_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = {time.CLOCK_BOOTTIME: 7_999_999_999_999, time.CLOCK_MONOTONIC: 5_000_000}
    monkeypatch.setattr(time, "clock_gettime_ns", clocks.__getitem__)
    assert boottime_ms() == 7_999_999
    monkeypatch.delattr(time, "CLOCK_BOOTTIME")
    assert boottime_ms() == 5, "where there is no such clock"
