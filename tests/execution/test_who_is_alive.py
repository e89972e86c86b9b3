"""Whether a process still runs, or nobody here can tell: by its machine, its number, its start and its time namespace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from batchdrain.execution import process_identity
from batchdrain.execution.guardian_client import is_guardian_alive
from batchdrain.execution.guardian_server import GuardianServer
from batchdrain.execution.process_identity import (
    ProcessIdentity,
    await_end,
    identify_self,
    is_alive,
    is_here,
    kill,
    read_host_id,
    start_of,
)
from batchdrain.execution.process_tree import ProcessHandles

HERE, FORMER, THERE = "boot:1:2", "boot:1", "another:1:2"


@pytest.mark.parametrize(
    ("host", "start", "hidden", "its_time", "alive"),
    [
        (HERE, 70, False, 9, True),
        (HERE, 71, False, 9, False),
        (HERE, None, False, 9, False),
        (HERE, None, True, 9, None),
        (THERE, 70, False, 9, None),
        (THERE, None, False, 9, None),
        ("boot", 70, False, 9, None),
        (FORMER, 70, False, 8, True),
        (FORMER, 71, False, 9, False),
        (FORMER, 71, False, 8, None),
        (FORMER, None, False, 8, False),
    ],
    ids=["it", "its number is another's", "gone", "hidden", "elsewhere", "gone elsewhere", "of no namespace",
         "of before, the same start", "of before, in our time", "of before, in another time", "of before, gone"],
)  # fmt: skip
def test_a_process_is_alive_where_its_number_and_its_start_are_those_of_one_here(
    monkeypatch: pytest.MonkeyPatch, host: str, start: int | None, hidden: bool, its_time: int, alive: bool | None
) -> None:
    monkeypatch.setattr(process_identity, "read_host_id", lambda: HERE)
    monkeypatch.setattr(process_identity, "sees_processes", lambda: True)
    monkeypatch.setattr(process_identity, "start_of", lambda _: start)
    monkeypatch.setattr(process_identity, "_is_hidden", lambda _: hidden)
    monkeypatch.setattr(process_identity, "_time_namespace_of", lambda process: 9 if process == "self" else its_time)
    assert is_alive(ProcessIdentity(host, 7, 70)) is alive


def test_where_no_processes_are_seen_none_is_of_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_here(read_host_id())
    monkeypatch.setattr(process_identity, "sees_processes", lambda: False)
    assert (is_here(read_host_id()), is_alive(identify_self())) == (False, None)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process
    process.kill()
    process.wait()


def test_exactly_the_process_that_is_meant_is_killed(sleeper: subprocess.Popen[bytes]) -> None:
    it = ProcessIdentity(read_host_id(), sleeper.pid, start_of(sleeper.pid) or 0)
    kill(replace(it, start=it.start - 1))
    assert (is_alive(it), await_end(it, 0.0), await_end(replace(it, start=it.start - 1), 0.0)) == (True, False, True)
    kill(it)
    assert await_end(it, 30.0)
    assert (sleeper.wait(30), is_alive(it)) == (-9, False)


def test_we_are_alive_and_a_zombie_is_not() -> None:
    assert is_alive(identify_self()) is True
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    it = ProcessIdentity(read_host_id(), pid, start_of(pid) or 0)
    with ProcessHandles([pid]) as held:
        assert held.await_end(30.0)
    assert (start_of(pid), is_alive(it)) == (None, False)
    os.waitpid(pid, 0)
    assert start_of(pid) is None


@pytest.mark.parametrize("has_handles", [True, False], ids=["by handles", "by numbers"])
def test_of_several_processes_all_are_waited_for(
    sleeper: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, has_handles: bool
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        with monkeypatch.context() as patch:
            if not has_handles:
                patch.delattr(os, "pidfd_open", raising=False)
            held = ProcessHandles([gone.pid, sleeper.pid])
        with held:
            assert not held.await_end(0.01)
            held.send(signal.SIGKILL)
            assert held.await_end(30.0)


@pytest.mark.parametrize(
    ("has_proc", "platform", "sees"),
    [(True, "linux", True), (False, "linux", False), (False, "darwin", True), (True, "darwin", True)],
)
def test_linux_shows_processes_through_proc_alone(
    monkeypatch: pytest.MonkeyPatch, has_proc: bool, platform: str, sees: bool
) -> None:
    monkeypatch.setattr(process_identity, "has_proc", lambda: has_proc)
    monkeypatch.setattr(sys, "platform", platform)
    assert process_identity.sees_processes() is sees


def test_a_process_that_is_no_guardian_is_a_dead_one_and_is_not_to_be_touched() -> None:
    """The ledger may name any process: our own too."""
    us = identify_self()
    assert is_guardian_alive(us) is False
    assert is_guardian_alive(replace(us, start=us.start + 1)) is False
    assert is_guardian_alive(replace(us, host_id="elsewhere")) is None
    server = GuardianServer()
    guard = server.hire()
    guard.greet()
    assert guard.identity is not None
    assert is_guardian_alive(guard.identity) is True
    guard.close()
    server.close()
    assert await_end(guard.identity, 60)
    assert is_guardian_alive(guard.identity) is False
