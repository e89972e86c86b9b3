"""A guardian as its controller holds it: by its socket, its greeting and its handle. In memory."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from batchdrain.execution import guardian_client, process_identity
from batchdrain.execution.guardian_client import GuardianClient, GuardianOrder, NotEndedError, is_guardian_alive
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id


class Held:
    """The handle of a guardian's process."""

    def __init__(self, *, dies: bool) -> None:
        self.dies, self.told = dies, list[Any]()

    def send(self, number: signal.Signals) -> None:
        self.told.append(number)

    def await_end(self, within_s: float) -> bool:
        self.told.append(within_s)
        return self.dies

    def close(self) -> None:
        self.told.append("closed")


@pytest.fixture
def client() -> Iterator[tuple[GuardianClient, socket.socket]]:
    ours, theirs = socket.socketpair()
    found = GuardianClient(ours)
    yield found, theirs
    ours.close()
    theirs.close()


@pytest.mark.parametrize("dies", [True, False])
def test_a_guardian_is_woken_killed_and_let_go_by_its_handle(
    client: tuple[GuardianClient, socket.socket], dies: bool
) -> None:
    it, theirs = client
    it.wake()
    it.kill()
    held: Any = Held(dies=dies)
    it._held = held
    it.wake()
    if dies:
        it.kill()
    else:
        with pytest.raises(NotEndedError, match=r"\Athe guardian of the command can't be killed\Z"):
            it.kill()
    it.close()
    it.close()
    assert held.told == [signal.SIGCONT, signal.SIGKILL, 10.0, signal.SIGCONT, "closed"], "one that is stopped sees the end"
    assert theirs.recv(1) == b""


def test_a_guardian_that_has_not_greeted_is_there_and_one_that_is_readable_between_two_orders_is_gone(
    client: tuple[GuardianClient, socket.socket],
) -> None:
    it, theirs = client
    theirs.send(b"G")
    assert it.is_there()
    it.identity = ProcessIdentity("h", 7, 70)
    assert not it.is_there()
    it.sock.recv(1)
    assert it.is_there()
    it.greet()
    assert it.identity == ProcessIdentity("h", 7, 70), "it greets once"


def test_a_guardian_that_we_see_as_another_process_is_refused(client: tuple[GuardianClient, socket.socket]) -> None:
    it, theirs = client
    theirs.send(b"G%d 1\n" % os.getpid())
    with pytest.raises(
        OSError, match=r"\Achild processes live in another pid or time namespace than this process: start batch"
    ):
        it.greet()
    assert it.identity is None


@pytest.mark.parametrize(
    ("state", "start", "stopped"), [(b"T", 70, True), (b"T", 71, False), (b"S", 70, False), (None, 70, False)]
)
def test_a_stopped_guardian_is_told_from_another_process(
    client: tuple[GuardianClient, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    state: bytes | None,
    start: int,
    stopped: bool,
) -> None:
    it, _ = client
    monkeypatch.setattr(
        process_identity,
        "stat_of",
        lambda pid: [] if state is None or pid != 7 else [state, *[b"0"] * 18, b"%d" % start, b"70"],
    )
    assert not it.is_stopped(), "it has not greeted yet"
    it.identity = ProcessIdentity("h", 7, 70)
    assert it.is_stopped() is stopped


@pytest.mark.parametrize(
    ("error", "alive"), [(psutil.AccessDenied(7), None), (psutil.NoSuchProcess(7), False), (psutil.ZombieProcess(7), False)]
)
def test_a_guardian_whose_command_line_is_hidden_is_not_known_to_live(
    monkeypatch: pytest.MonkeyPatch, error: Exception, alive: bool | None
) -> None:
    def raises() -> None:
        raise error

    monkeypatch.setattr(process_identity, "is_alive", lambda _: True)
    monkeypatch.setattr(process_identity, "start_of", lambda _: 70)
    monkeypatch.setattr(psutil, "Process", lambda _: SimpleNamespace(cmdline=raises))
    assert is_guardian_alive(ProcessIdentity(read_host_id(), 7, 70)) is alive


@pytest.mark.parametrize(
    ("is_alive", "start", "host", "alive"),
    [(None, None, "", None), (None, 70, "", None), (False, 70, "", False), (True, None, "", True), (True, 70, "other", True)],
)
def test_a_command_line_is_asked_of_a_process_of_here_alone(
    monkeypatch: pytest.MonkeyPatch, is_alive: bool | None, start: int | None, host: str, alive: bool | None
) -> None:
    asked = list[int]()

    def ask(pid: int) -> Any:
        asked.append(pid)
        return SimpleNamespace(cmdline=lambda: ["python", f"-c {guardian_client._IN_COMMAND_LINE} x"])

    monkeypatch.setattr(process_identity, "is_alive", lambda _: is_alive)
    monkeypatch.setattr(process_identity, "start_of", lambda _: start)
    monkeypatch.setattr(psutil, "Process", ask)
    assert is_guardian_alive(ProcessIdentity(host or read_host_id(), 7, 70)) is alive
    assert asked == ([7] if (is_alive, start) == (None, 70) else [])


def test_the_command_of_an_order_is_a_process_of_here() -> None:
    order = GuardianOrder(SimpleNamespace(orders=0))
    assert order.command is None
    order.process = (7, 70)
    assert order.command == ProcessIdentity(read_host_id(), 7, 70)


@pytest.mark.parametrize("argument", ["-c import guardian.server", "guardian.serve"])
@pytest.mark.parametrize("is_alive", [True, None])
def test_a_guardian_is_known_by_its_command_line(
    monkeypatch: pytest.MonkeyPatch, argument: str, is_alive: bool | None
) -> None:
    monkeypatch.setattr(process_identity, "is_alive", lambda _: is_alive)
    monkeypatch.setattr(process_identity, "start_of", lambda _: 70)
    monkeypatch.setattr(psutil, "Process", lambda _: SimpleNamespace(cmdline=lambda: ["python", argument]))
    expected = is_alive if argument.endswith("server") else False
    assert is_guardian_alive(ProcessIdentity(read_host_id(), 7, 70)) is expected


@pytest.mark.parametrize(
    ("has_proc", "start", "is_taken"), [(True, 1, True), (True, 2, False), (True, None, False), (False, None, True)]
)
def test_a_greeting_is_compared_with_what_we_see_where_we_see_processes(
    client: tuple[GuardianClient, socket.socket],
    monkeypatch: pytest.MonkeyPatch,
    has_proc: bool,
    start: int | None,
    is_taken: bool,
) -> None:
    monkeypatch.setattr(process_identity, "has_proc", lambda: has_proc)
    monkeypatch.setattr(process_identity, "start_of", lambda _: start)
    it, theirs = client
    theirs.send(b"G%d 1\nX{}\n" % os.getpid())
    if not is_taken:
        with pytest.raises(OSError, match="namespace"):
            it.greet()
        return
    it.greet()
    assert (it.identity, it.orders) == (ProcessIdentity(read_host_id(), os.getpid(), 1), 0)
    assert it.hear(0) == b"X{}"
    assert it._held is not None
    it._held.close()
    it._held = None


@pytest.mark.parametrize(
    ("told", "by"),
    [(None, None), (b'{"by": "exit", "exit_code": 0, "duration_s": 1}', "exit"), (b"{}", None), (b"torn", None)],
)
def test_a_guardian_that_reports_what_none_reports_is_killed(
    monkeypatch: pytest.MonkeyPatch, told: bytes | None, by: str | None
) -> None:
    given, killed = list[Any](), list[bool]()
    order = GuardianOrder(SimpleNamespace(orders=0, kill=lambda: killed.append(True)))

    def watch(*what: Any) -> bytes | None:
        given.append(what)
        return told

    monkeypatch.setattr(order, "watch", watch)
    found = order.execute({"token": "t"}, [1, 2])
    assert (None if found is None else found.by) == by
    assert (given, bool(killed)) == ([({"token": "t"}, [1, 2])], told is not None and by is None)
    assert order.killed is bool(killed)
