"""One order in the hands of its guardian, from its first look at it to what it tells. In memory: nothing is executed."""

from __future__ import annotations

import os
import select
import socket
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.guardian import guardian
from batchdrain.execution.guardian.guardian import Guardian
from batchdrain.execution.guardian.launch import Begun, NotBegunError
from batchdrain.execution.guardian.wire import Inbox

NOW, GRACE_MS, TIMEOUT_MS, WAKE = 1_000_000, 20_000, 60_000, 77


class Tree:
    """A command that ends at `ends_ms`, and what it left at `left_until_ms`."""

    def __init__(self, world: World) -> None:
        self.world, self.met, self.kills = world, 3, list[float]()
        self.status: int | None = None
        self.usage = SimpleNamespace(ru_utime=1.5, ru_stime=0.25, ru_maxrss=2048)
        self.terminated = 0

    def reap(self) -> bool:
        if self.world.now >= self.world.ends_ms:
            self.status = self.world.status
        return self.world.now < max(self.world.ends_ms, self.world.left_until_ms)

    def terminate(self) -> None:
        self.terminated += 1

    def kill(self, within_s: float) -> bool:
        self.kills.append(within_s)
        return self.world.is_gone


class World:
    """What a guardian sees: its clock, which only waiting moves; the words of its controller, by their time; its command."""

    def __init__(self, sock: socket.socket, theirs: socket.socket) -> None:
        self.sock, self.theirs = sock, theirs
        self.now, self.ends_ms, self.left_until_ms, self.status, self.is_gone = NOW, NOW, 0, 3 << 8, True
        self.words: list[tuple[int, bytes]] = []
        self.waits: list[float] = []
        self.polled: list[Any] = []
        self.woken: list[int] = []
        self.capped: list[tuple[int, int]] = []
        self.started: list[tuple[Any, ...]] = []
        self.command: Any = Begun(7, 70)
        self.tree: Any = None

    def poll(self, timeout: float) -> list[tuple[int, int]]:
        until = self.now + timeout
        said = [at for at, _ in self.words if at <= until]
        ends = [at for at in (self.ends_ms, self.left_until_ms) if self.now < at <= until]
        self.now = round(min([until, *said, *ends]))
        if timeout:
            self.waits.append(timeout)
        found = []
        for at, word in [one for one in self.words if one[0] <= self.now]:
            self.words.remove((at, word))
            self.sock.sendall(word)
            found = [(self.sock.fileno(), select.POLLIN)]
        return [*found, (WAKE, select.POLLIN)] if timeout and self.now in ends else found


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    controller, ours = socket.socketpair()
    it = World(controller, ours)

    def start(*given: Any) -> Any:
        it.started.append(given)
        if isinstance(it.command, Exception):
            raise it.command
        return it.command

    def descent(command: int, *, adopts: bool) -> Tree:
        assert (command, adopts) == (7, True)
        tree = it.tree = Tree(it)
        return tree

    def cap(log: int, most: int) -> None:
        it.capped.append((log, most))
        raise OSError("it can't be capped")

    monkeypatch.setattr(guardian, "boottime_ms", lambda: it.now)
    monkeypatch.setattr(time, "monotonic", lambda: it.now / 1000)
    monkeypatch.setattr(guardian, "start", start)
    monkeypatch.setattr(guardian, "Descent", descent)
    monkeypatch.setattr(guardian, "cap", cap)
    monkeypatch.setattr(os, "read", lambda fd, most: it.woken.append(fd) or b"")  # type: ignore[func-returns-value]
    with controller, ours:
        yield it


Make = Callable[..., Guardian]


@pytest.fixture
def make(world: World) -> Make:
    """A guardian with an order of a minute, and twenty seconds of grace."""

    def made(**fields: Any) -> Guardian:
        order = {
            "number": 2,
            "deadline_ms": None,
            "grace_s": GRACE_MS / 1000,
            "timeout_s": TIMEOUT_MS / 1000,
            "log_max_bytes": 99,
        }
        it = Guardian(world.theirs, Inbox(world.theirs), {**order, **fields}, [101, 102, 103, 104], adopts=True)
        world.polled = [world.theirs]
        polled = SimpleNamespace(
            poll=world.poll, register=lambda one, _: world.polled.append(one), unregister=world.polled.remove
        )
        it._poll = polled  # type: ignore[assignment]
        return it

    return made


def told(world: World) -> bytes:
    return world.sock.recv(1 << 16, socket.MSG_DONTWAIT)


@pytest.mark.parametrize(
    ("has_stdin", "stdin", "spool"), [(True, [104], 103), (False, [], 103)], ids=["with an input", "without one"]
)
def test_the_descriptors_of_an_order_are_its_logs_then_its_spool_then_its_input(
    make: Make, has_stdin: bool, stdin: list[int], spool: int
) -> None:
    it = make(has_stdin=has_stdin)
    assert (it.logs, it.stdin, it.spool, it.order["spool"]) == ([101, 102], stdin, spool, spool)


def test_an_end_is_told_with_its_figures_after_the_command_was_named(world: World, make: Make) -> None:
    world.ends_ms = NOW + 1_250
    it = make(has_stdin=True)
    ready: Any = object()
    found = it._execute(ready, WAKE)
    assert found == {
        "by": "exit", "exit_code": 3, "signal": None, "duration_s": 1.25, "left_over": 3, "gone": True, "cpu_s": 1.75,
        "max_rss_kb": 2048,
    }  # fmt: skip
    assert told(world) == b"S7 70\n"
    assert (world.woken, world.waits, world.polled) == ([WAKE], [500, 500, 500], [world.theirs, WAKE])
    [(given, order, files, sock, is_over)] = world.started
    assert (given, order["deadline_ms"], files, sock) == (ready, None, [101, 102, 104], it.sock)
    assert not is_over()
    assert world.tree.kills == [5.0]
    assert world.capped[-2:] == [(101, 99), (102, 99)], "and each log is capped whatever the other one does"
    assert it._command == [7, 70]


@pytest.mark.parametrize(
    ("status", "code", "number"), [(0, 0, None), (255 << 8, 255, None), (9, None, 9), (None, None, None)]
)
def test_an_end_has_an_exit_code_or_a_signal(make: Make, status: int | None, code: int | None, number: int | None) -> None:
    tree: Any = SimpleNamespace(status=status, usage=None, met=0)
    found = make()._ending_of(tree, 1.0, gone=False)
    assert (found["exit_code"], found["signal"], found["cpu_s"], found["max_rss_kb"]) == (code, number, None, None)
    assert (found["gone"], found["left_over"]) == (False, 0)


def test_what_the_command_left_behind_is_not_waited_for_unless_it_is_to_end(world: World, make: Make) -> None:
    world.left_until_ms = NOW + 9_000
    assert make()._execute(None, WAKE)["by"] == "exit"
    assert world.now == NOW
    world.words = [(NOW + 100, b"T2\n")]
    world.ends_ms = NOW + 200
    found = make()._execute(None, WAKE)
    assert (found["by"], world.now, world.tree.terminated) == ("interrupt", NOW + 9_000, 1)


@pytest.mark.parametrize(
    ("fields", "words", "by", "at_ms"),
    [
        ({}, [], "timeout", TIMEOUT_MS + GRACE_MS),
        ({"deadline_ms": NOW + 5_000}, [], "lease", 5_000 + GRACE_MS),
        ({"deadline_ms": NOW + 5_000}, [(900, b"D2 %d\n" % (NOW + 8_000))], "lease", 8_000 + GRACE_MS),
        ({"deadline_ms": NOW + 90_000}, [], "timeout", TIMEOUT_MS + GRACE_MS),
        ({"deadline_ms": NOW + 70_000}, [], "timeout", TIMEOUT_MS + GRACE_MS),
        ({}, [(700, b"T2\n")], "interrupt", 700 + GRACE_MS),
        ({}, [(700, b"T2\n"), (900, b"T2\n")], "interrupt", 700 + GRACE_MS),
        ({}, [(700, b"T2\n"), (900, b"K2\n")], "interrupt", 900),
        ({}, [(600, b"D2 5\nT1\nK1\nX2\n"), (700, b"K2\n")], "interrupt", 700),
        ({}, [(TIMEOUT_MS + 10, b"K2\n")], "timeout", TIMEOUT_MS + 10),
        ({"timeout_s": 0.25}, [], "timeout", 250 + GRACE_MS),
    ],
)
def test_a_command_that_does_not_end_is_killed_at_its_time_for_the_first_reason(
    world: World, make: Make, fields: dict[str, Any], words: list[tuple[int, bytes]], by: str, at_ms: int
) -> None:
    world.ends_ms = world.left_until_ms = NOW + 10**9
    world.words = [(NOW + at, word) for at, word in words]
    found = make(**fields)._execute(None, WAKE)
    assert (found["by"], world.now - NOW, world.tree.terminated) == (
        by,
        at_ms,
        0 if by == "interrupt" and at_ms == 700 else 1,
    )
    assert max(world.waits) <= 500, "poll counts no time in which the machine slept"


def test_logs_are_capped_while_the_command_runs(world: World, make: Make) -> None:
    world.ends_ms = NOW + 1_600
    make()._execute(None, WAKE)
    assert world.capped.count((102, 99)) == 5, "at each look, and once at the end"


def test_a_command_is_abandoned_with_its_controller(world: World, make: Make) -> None:
    world.sock.close()
    it = make()
    it._listen()
    assert (it.by, it.kill_at_ms, world.polled) == ("abandoned", NOW + GRACE_MS, []), "a socket that ended is always readable"
    brief = make(deadline_ms=NOW + 5_000)
    brief._listen()
    assert (brief.by, brief.kill_at_ms) == ("abandoned", NOW + 5_000)


@pytest.mark.parametrize("kills", [True, False])
def test_an_order_that_is_over_when_it_comes_begins_nothing(world: World, make: Make, kills: bool) -> None:
    dropped = list[bool]()
    ready: Any = SimpleNamespace(drop=lambda: dropped.append(True))
    world.sock.sendall(b"K2\n" if kills else b"")
    world.words = [] if kills else [(NOW, b"T2\n")]
    it = make()
    if kills:
        it.inbox.receive()  # the word came along with the order
    assert it._execute(ready, WAKE) == {"by": "interrupt", "duration_s": 0.0, "gone": True}
    assert (world.started, dropped) == ([], [True])
    late = make(timeout_s=0.0)
    assert late._execute(None, WAKE) == {"by": "timeout", "duration_s": 0.0, "gone": True}


@pytest.mark.parametrize(("kill_at_ms", "by"), [(None, "lease"), (NOW, "interrupt")])
@pytest.mark.parametrize("gone", [True, False])
def test_what_did_not_begin_in_time_is_told_by_its_reason(
    world: World, make: Make, kill_at_ms: int | None, by: str, gone: bool
) -> None:
    it = make()
    world.command = NotBegunError(gone=gone)
    was_over = it._is_over

    def begin_to_end() -> bool:
        found = was_over()
        it.kill_at_ms, it.by = kill_at_ms, "exit" if kill_at_ms is None else by
        return found

    it._is_over = begin_to_end  # type: ignore[method-assign]
    assert it._execute(None, WAKE) == {"by": by, "duration_s": 0.0, "gone": gone}


def test_a_program_that_can_not_be_executed_is_told_with_its_error(world: World, make: Make) -> None:
    world.command = (2, "No such file")
    assert make()._execute(None, WAKE) == {
        "by": "not_started", "errno": 2, "message": "No such file", "duration_s": 0.0, "gone": True,
    }  # fmt: skip


def test_a_lease_that_was_renewed_before_the_command_began_is_its_lease(world: World, make: Make) -> None:
    world.words = [(NOW, b"D2 %d\n" % (NOW + 9_000))]
    make(deadline_ms=NOW + 1)._execute(None, WAKE)
    assert world.started[0][1]["deadline_ms"] == NOW + 9_000


@pytest.mark.parametrize(
    ("kill_at_ms", "deadline_ms", "latest_ms"),
    [(None, None, None), (None, 5, None), (9, None, 9), (GRACE_MS + 9, 5, GRACE_MS + 5), (GRACE_MS + 5, 9, GRACE_MS + 5)],
)
def test_no_grace_goes_beyond_that_of_the_lease(
    make: Make, kill_at_ms: int | None, deadline_ms: int | None, latest_ms: int | None
) -> None:
    it = make(deadline_ms=deadline_ms)
    it.kill_at_ms = kill_at_ms
    assert it._latest_kill_ms() == latest_ms


def test_the_rest_is_killed_even_if_watching_fails(world: World, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Guardian, "_watch", fail)
    with pytest.raises(MemoryError):
        make()._execute(None, WAKE)
    assert (world.tree.kills, world.capped) == ([5.0], [(101, 99), (102, 99)])
