"""What is read of a process, and what is done with it: each source and each refusal by itself, in memory."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import psutil
import pytest

from batchdrain.execution import process_identity
from batchdrain.execution.guardian import system
from batchdrain.execution.process_identity import (
    ProcessIdentity,
    await_end,
    hides_others,
    identify_self,
    is_here,
    kill,
    read_host_id,
    start_of,
    stat_of,
)
from batchdrain.execution.process_tree import ProcessHandles

IT = ProcessIdentity("here", 7, 70)


def read_from(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes | OSError]) -> None:
    def read(path: Path) -> bytes:
        found = files.get(str(path), FileNotFoundError())
        if isinstance(found, OSError):
            raise found
        return found

    monkeypatch.setattr(Path, "read_bytes", read)


def stat(state: str) -> bytes:
    return f"7 (a) Z 1 (b)) {state} 1 {' '.join(['5'] * 17)} 700 8\n".encode()


@pytest.mark.parametrize(
    ("raw", "has_proc", "start"),
    [
        (stat("S"), True, 700),
        (stat("T"), True, 700),
        (stat("Z"), True, None),
        (stat("X"), True, None),
        (stat("S"), False, None),
    ],
)
def test_a_process_has_a_start_unless_it_has_ended(
    monkeypatch: pytest.MonkeyPatch, raw: bytes, has_proc: bool, start: int | None
) -> None:
    monkeypatch.setattr(process_identity, "has_proc", lambda: has_proc)
    monkeypatch.setattr(process_identity, "sees_processes", lambda: has_proc)
    read_from(monkeypatch, {"/proc/7/stat": raw})
    assert (start_of(7), start_of(8), stat_of(8)) == (start, None, [])
    assert len(stat_of(7)) == (21 if start else 0)


def test_where_there_is_no_proc_a_start_is_in_milliseconds(monkeypatch: pytest.MonkeyPatch) -> None:
    def process(pid: int) -> Any:
        if pid != 7:
            raise psutil.NoSuchProcess(pid)
        return SimpleNamespace(create_time=lambda: 1_700_000_000.1236)

    monkeypatch.setattr(process_identity, "has_proc", lambda: False)
    monkeypatch.setattr(process_identity, "sees_processes", lambda: True)
    monkeypatch.setattr(psutil, "Process", process)
    assert (start_of(7), start_of(8)) == (1_700_000_000_124, None)
    monkeypatch.setattr(os, "getpid", lambda: 8)
    assert identify_self() == ProcessIdentity(read_host_id(), 8, 0)
    monkeypatch.setattr(os, "getpid", lambda: 7)
    assert identify_self().start == 1_700_000_000_124


@pytest.mark.parametrize(
    ("ours", "host", "here"),
    [
        ("b:1:2", "b:1:2", True),
        ("b:1:2", "b:1", True),
        ("b:1:2", "b", False),
        ("b:1", "b:1", True),
        ("b:1", "b", False),
        ("h", "", False),
    ],
)
def test_what_was_noted_without_a_time_namespace_is_of_here(
    monkeypatch: pytest.MonkeyPatch, ours: str, host: str, here: bool
) -> None:
    monkeypatch.setattr(process_identity, "read_host_id", lambda: ours)
    monkeypatch.setattr(process_identity, "sees_processes", lambda: True)
    assert is_here(host) is here


def test_our_host_and_our_proc_are_read_as_guardians_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A guardian whose identity is another one is not accepted."""
    assert read_host_id.__wrapped__() == system.host_id()
    has_proc = process_identity.has_proc.__wrapped__
    assert has_proc() == system.has_proc()
    namespace = Path("/proc/self/ns/time")
    assert process_identity._time_namespace_of("self") == (namespace.stat().st_ino if namespace.exists() else None)
    assert process_identity._time_namespace_of("0") is None

    def fail(_: Path) -> Path:
        raise PermissionError

    monkeypatch.setattr(Path, "readlink", fail)
    assert has_proc() is False


@pytest.mark.parametrize(
    ("stat", "signalled", "hidden"),
    [
        (b"7 (x) S", None, False),
        (PermissionError(), None, True),
        (FileNotFoundError(), PermissionError(), True),
        (FileNotFoundError(), None, False),
        (FileNotFoundError(), ProcessLookupError(), False),
        (FileNotFoundError(), OverflowError(), False),
    ],
)
def test_who_can_be_signalled_or_read_is_not_hidden(
    monkeypatch: pytest.MonkeyPatch, stat: bytes | OSError, signalled: Exception | None, hidden: bool
) -> None:
    asked = list[tuple[int, int]]()

    def send(pid: int, number: int) -> None:
        asked.append((pid, number))
        if signalled is not None:
            raise signalled

    read_from(monkeypatch, {"/proc/1/stat": stat})
    monkeypatch.setattr(os, "kill", send)
    monkeypatch.setattr(process_identity, "has_proc", lambda: True)
    assert hides_others() is hidden
    assert asked == ([(1, 0)] if isinstance(stat, FileNotFoundError) else []), "a signal that is none"
    monkeypatch.setattr(process_identity, "has_proc", lambda: False)
    assert hides_others() is False


class Handles:
    """The handle of a process."""

    told: list[Any]

    def __init__(self, pids: Iterable[int]) -> None:
        self.told.append(list(pids))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.told.append("closed")

    def send(self, number: signal.Signals) -> None:
        self.told.append(number)

    def await_end(self, within_s: float) -> bool:
        self.told.append(within_s)
        return True


@pytest.mark.parametrize(
    ("alive", "killed", "awaited", "ended"),
    [
        ([True, False], True, True, True),
        ([True, True], True, True, False),
        ([False], False, False, True),
        ([None, None], False, True, False),
        ([None, False], False, True, True),
    ],
)
def test_a_process_is_held_before_it_is_known_to_be_the_right_one(
    monkeypatch: pytest.MonkeyPatch, alive: list[bool | None], killed: bool, awaited: bool, ended: bool
) -> None:
    """What nobody can tell of is neither killed nor said to have ended."""
    told = list[Any]()
    monkeypatch.setattr(Handles, "told", told, raising=False)
    monkeypatch.setattr(process_identity, "ProcessHandles", Handles)
    answers = iter([alive[0], *alive])
    monkeypatch.setattr(process_identity, "is_alive", lambda _: next(answers))
    kill(IT)
    assert told == [[7], *([signal.SIGKILL] if killed else []), "closed"]
    told.clear()
    assert await_end(IT, 3.0) is ended
    assert told == [[7], *([3.0] if awaited else []), "closed"]


def test_a_number_that_no_process_can_have_has_no_handle() -> None:
    before = os.listdir("/proc/self/fd")
    with ProcessHandles([1 << 22, 1 << 70, -1, os.getpid()]) as held:
        assert len(held._fds) == 1
        assert not held.await_end(0.0)
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize("error", [ProcessLookupError(), PermissionError()])
def test_a_process_that_can_not_be_signalled_does_not_save_the_next(monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    sent, held = list[tuple[int, int]](), ProcessHandles([])
    held._fds, gone = [11, 12], iter([error, None])

    def send(fd: int, number: int) -> None:
        sent.append((fd, number))
        if (found := next(gone)) is not None:
            raise found

    monkeypatch.setattr(signal, "pidfd_send_signal", send)
    held.send(signal.SIGTERM)
    assert sent == [(11, signal.SIGTERM), (12, signal.SIGTERM)]
    held._fds = []


def test_where_there_are_no_handles_each_process_is_looked_for_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    told = list[Any]()

    def send(number: int) -> None:
        told.append(number)
        raise psutil.NoSuchProcess(7)

    def process(pid: int) -> Any:
        if pid != 7:
            raise psutil.NoSuchProcess(pid)
        return SimpleNamespace(send_signal=send)

    left = iter([[object()], []])

    def wait_procs(handles: list[Any], timeout: float) -> tuple[list[Any], list[Any]]:
        told.append((len(handles), timeout))
        return [], next(left)

    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.setattr(psutil, "Process", process)
    monkeypatch.setattr(psutil, "wait_procs", wait_procs)
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    held = ProcessHandles([7, 8])
    held.send(signal.SIGKILL)
    assert [held.await_end(3.0), held.await_end(0.0)] == [False, True]
    assert told == [signal.SIGKILL, (1, 3.0), (1, 0.0)]
    assert ProcessHandles([8]).await_end(3.0), "there is nobody to wait for"
