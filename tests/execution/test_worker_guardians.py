"""A guardian of a worker is told what concerns its command once it has the order, and is not waited for beyond its time."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from batchdrain.execution.guardian import system, watched_order
from batchdrain.execution.guardian.watched_order import WatchedOrder
from batchdrain.execution.guardian.wire import boottime_ms
from batchdrain.execution.worker.guardians import GuardianLine, Guardians

ORDER: dict[str, Any] = {"token": "s.one.1", "timeout_s": 60.0, "grace_s": 0.1, "deadline_ms": None}
ENDED = b'X{"by": "exit"}\n'


@pytest.fixture
def guardian() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing."""
    code = "import signal; signal.pause()"
    found = subprocess.Popen([sys.executable, "-I", "-S", "-c", code])
    yield found
    found.kill()
    found.wait()


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def line_to(guardian: subprocess.Popen[bytes], pair: tuple[socket.socket, socket.socket]) -> GuardianLine:
    pair[1].send(b"G%d %d\n" % (guardian.pid, system.start_of(guardian.pid) or 0))
    return GuardianLine(pair[0])


def heard(theirs: socket.socket) -> bytes:
    return theirs.recv(1 << 16, socket.MSG_DONTWAIT)


def test_what_is_told_before_the_order_stands_behind_it_the_last_word_of_each_kind(
    guardian: subprocess.Popen[bytes], pair: tuple[socket.socket, socket.socket]
) -> None:
    order = WatchedOrder(line_to(guardian, pair))
    order.extend(7)
    order.extend(5)
    order.end(kill=False)
    with pytest.raises(BlockingIOError):
        heard(pair[1])
    pair[1].send(ENDED)
    assert order.watch(ORDER, []) == ENDED[1:-1]
    sent = heard(pair[1])
    assert (sent.endswith(b"D1 7\nT1\n"), b"D1 5" in sent, b'"s.one.1"' in sent) == (True, False, True)
    order.extend(9)
    order.end(kill=True)
    assert heard(pair[1]) == b"D1 9\nK1\n"


@pytest.mark.parametrize("greeting", [b"", b"no\n"])
def test_what_does_not_greet_is_no_guardian(pair: tuple[socket.socket, socket.socket], greeting: bytes) -> None:
    pair[1].send(greeting)
    pair[1].close()
    with pytest.raises(OSError, match="did not start"):
        GuardianLine(pair[0])


def test_a_guardian_that_we_see_as_another_process_is_not_taken_on(
    guardian: subprocess.Popen[bytes], pair: tuple[socket.socket, socket.socket]
) -> None:
    pair[1].send(b"G%d 1\n" % guardian.pid)
    with pytest.raises(OSError, match="another pid or time namespace"):
        GuardianLine(pair[0])


def test_a_guardian_that_goes_says_nothing_more(
    guardian: subprocess.Popen[bytes], pair: tuple[socket.socket, socket.socket]
) -> None:
    line = line_to(guardian, pair)
    pair[1].close()
    assert line.hear(5) == b""
    order = WatchedOrder(line)
    order.extend(5)
    order.end(kill=True)
    assert order.watch(ORDER, []) is None


@pytest.mark.parametrize(
    ("order", "is_asked"),
    [({}, True), ({"timeout_s": 0.0}, False)],
    ids=["it was to end its command", "the time limit is over"],
)
def test_a_guardian_that_does_not_come_to_an_end_is_killed_once_its_time_is_over(
    guardian: subprocess.Popen[bytes],
    pair: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    order: dict[str, Any],
    is_asked: bool,
) -> None:
    monkeypatch.setattr(watched_order, "SLACK_S", 0.0)
    monkeypatch.setattr(watched_order, "SLICE_S", 0.02)
    watched = WatchedOrder(line_to(guardian, pair))
    if is_asked:
        watched.end(kill=False)
    assert watched.watch({**ORDER, **order}, []) is None
    assert guardian.wait(10) == -9


def test_a_guardian_is_not_hurried_before_its_time(
    guardian: subprocess.Popen[bytes], pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_order, "SLACK_S", 0.0)
    monkeypatch.setattr(watched_order, "SLICE_S", 0.02)
    line, looked = line_to(guardian, pair), list[int]()

    def hear(within_s: float) -> bytes | None:
        looked.append(1)
        return None if len(looked) < 20 else ENDED[:-1]

    monkeypatch.setattr(line, "hear", hear)
    assert WatchedOrder(line).watch({**ORDER, "grace_s": 0.0}, []) == ENDED[1:-1]
    assert guardian.poll() is None


def test_a_guardian_that_was_stopped_is_woken(
    guardian: subprocess.Popen[bytes], pair: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped, woken = iter([True, True, False]), list[int]()
    line = line_to(guardian, pair)
    answers = iter([None, None, None, ENDED[:-1]])
    with monkeypatch.context() as patch:
        patch.setattr(system, "is_stopped", lambda *_: next(stopped))
        patch.setattr(os, "kill", lambda pid, number: woken.append(number))
        patch.setattr(line, "hear", lambda within_s: next(answers))
        assert WatchedOrder(line).watch(ORDER, []) == ENDED[1:-1]
    assert woken == [signal.SIGCONT] * 2


@pytest.mark.parametrize(
    ("stays_s", "is_gone", "is_kept"),
    [(60, False, True), (60, True, False), (0.5, False, False), (None, False, False)],
    ids=["waits for another order", "has died", "leaves soon", "takes no other order"],
)
def test_a_guardian_that_waits_for_another_order_is_given_it_and_no_other_is(
    guardian: subprocess.Popen[bytes],
    pair: tuple[socket.socket, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    stays_s: float | None,
    is_gone: bool,
    is_kept: bool,
) -> None:
    own, line = Guardians(), line_to(guardian, pair)
    line.stays_until_ms = None if stays_s is None else boottime_ms() + round(stays_s * 1000)
    own.give_back(line)
    if is_gone:
        pair[1].close()
    ours, theirs = socket.socketpair()
    theirs.send(b"G%d %d\n" % (guardian.pid, system.start_of(guardian.pid)))
    new = GuardianLine(ours)
    monkeypatch.setattr(own, "_hire_new", lambda package: new)
    assert own.hire("zip") is (line if is_kept else new)
    assert (line.sock.fileno() >= 0) is is_kept
    own.give_back(line)
    assert line.sock.fileno() < 0, "it has not told of an end since"
    new.close()
    theirs.close()


@pytest.mark.parametrize("dead", [0, 1, 2])
def test_once_the_server_of_guardians_has_died_another_one_is_started(
    guardian: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, dead: int
) -> None:
    own, servers = Guardians(), list[socket.socket]()

    def greet(server: socket.socket) -> None:
        _, [fd], _, _ = socket.recv_fds(server, 1, 1)
        with socket.socket(fileno=fd) as line:
            line.send(b"G%d %d\n" % (guardian.pid, system.start_of(guardian.pid) or 0))

    def start(package: str) -> socket.socket:
        ours, theirs = socket.socketpair()
        servers.extend([ours, theirs])
        if len(servers) <= 2 * dead:
            theirs.close()
        else:
            threading.Thread(target=greet, args=(theirs,)).start()
        return ours

    monkeypatch.setattr(own, "_start", start)
    if dead == 2:
        with pytest.raises(OSError, match="no guardian could be started"):
            own.hire("zip")
    else:
        line = own.hire("zip")
        assert (line.pid, len(servers)) == (guardian.pid, 2 * dead + 2)
        line.close()
    for one in servers:
        one.close()
