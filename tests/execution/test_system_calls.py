"""What a guardian reads of /proc, and how it calls Linux: each number and each path stands here a second time."""

from __future__ import annotations

import errno
import io
import os
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.guardian import system

BOOT = "/proc/sys/kernel/random/boot_id"


def stat_of(parent: int, start: int, state: str = "S") -> bytes:
    """As the system writes it; the name holds what a stat holds."""
    return f"7 (a) T 1 (b)) {state} {parent} {' '.join(['5'] * 17)} {start} 4 4\n".encode()


Files = dict[str, bytes]


@pytest.fixture
def proc(monkeypatch: pytest.MonkeyPatch) -> Files:
    """The files of /proc, as a guardian sees them."""
    files: Files = {}

    def read(path: str, mode: str = "r", encoding: str | None = None) -> io.BytesIO | io.StringIO:
        if path not in files:
            raise FileNotFoundError(path)
        if mode == "rb":
            return io.BytesIO(files[path])
        assert (mode, encoding) == ("r", "ascii")
        return io.StringIO(files[path].decode())

    def names_in(folder: str) -> list[str]:
        found = {path.removeprefix(f"{folder}/").partition("/")[0] for path in files if path.startswith(f"{folder}/")}
        if not found:
            raise FileNotFoundError(folder)
        return sorted(found)

    monkeypatch.setattr(system, "open", read, raising=False)
    monkeypatch.setattr(os, "listdir", names_in)
    monkeypatch.setattr(os.path, "exists", files.__contains__)
    monkeypatch.setattr(system, "has_proc", lambda: True)
    return files


def test_a_process_is_known_by_its_start_whatever_its_name_holds(proc: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    proc["/proc/7/stat"] = stat_of(1, 700)
    assert [system.start_of(7), system.start_of(8)] == [700, 0]
    monkeypatch.setattr(system, "has_proc", lambda: False)
    assert system.start_of(7) == 0, "its number means another process there"


@pytest.mark.parametrize(
    ("state", "start", "has_proc", "is_stopped"),
    [
        ("T", 700, True, True),
        ("T", 701, True, False),
        ("t", 700, True, False),
        ("S", 700, True, False),
        ("T", 700, False, False),
    ],
)
def test_who_is_stopped_is_exactly_the_process_that_is_meant(
    proc: Files, monkeypatch: pytest.MonkeyPatch, state: str, start: int, has_proc: bool, is_stopped: bool
) -> None:
    monkeypatch.setattr(system, "has_proc", lambda: has_proc)
    proc["/proc/7/stat"] = stat_of(1, 700, state)
    assert system.is_stopped(7, start) is is_stopped
    assert system.is_stopped(8, start) is False


@pytest.mark.parametrize("lists", [True, False], ids=["by its lists of children", "by every process's parent"])
def test_all_that_descends_is_found(proc: Files, monkeypatch: pytest.MonkeyPatch, lists: bool) -> None:
    """2 and 3 are children of 1, 3 by another thread of it; 4 is one of 3, 5 of 4; 6 is somebody else's."""
    for pid, parent in ((1, 0), (2, 1), (3, 1), (4, 3), (5, 4), (6, 0), (7, 6)):
        if not lists:
            proc[f"/proc/{pid}/stat"] = stat_of(parent, 1)
    proc["/proc/self/x"] = proc["/proc/9/environ"] = b""
    if lists:
        proc[f"/proc/self/task/{os.getpid()}/children"] = b""
        proc["/proc/1/task/1/children"], proc["/proc/1/task/11/children"] = b"2 ", b"3 "
        proc["/proc/3/task/3/children"], proc["/proc/4/task/4/children"], proc["/proc/6/task/6/children"] = (
            b"4 ",
            b"5 ",
            b"7 ",
        )
        proc["/proc/4/task/44/other"] = b""
    assert sorted(system.descendants_of(1)) == [2, 3, 4, 5]
    assert system.descendants_of(5) == []
    monkeypatch.setattr(system, "has_proc", lambda: False)
    assert system.descendants_of(1) == []


@pytest.mark.parametrize(
    ("names", "has_proc"), [({"/proc/self": str(os.getpid())}, True), ({"/proc/self": "1"}, False), ({}, False)]
)
def test_a_proc_is_ours_if_we_have_our_own_number_in_it(
    monkeypatch: pytest.MonkeyPatch, names: dict[str, str], has_proc: bool
) -> None:
    def readlink(path: str) -> str:
        assert path == "/proc/self"
        if path not in names:
            raise OSError(errno.ENOENT, path)
        return names[path]

    monkeypatch.setattr(os, "readlink", readlink)
    assert system.has_proc() is has_proc


@pytest.mark.parametrize(
    ("boot", "spaces", "host"),
    [
        (b"b-1\n", {"pid": 5, "time": 6}, "b-1:5:6"),
        (b"b-1\n", {"pid": 5}, "b-1:5"),
        (None, {"pid": 5, "time": 6}, "h" * 64),
        (b"b-1\n", {"time": 6}, "h" * 64),
        (b"b" * 70, {"pid": 5}, "b" * 64),
        (b"b" * 61, {"pid": 5, "time": 66}, "b" * 61 + ":5:"),
    ],
)
def test_a_host_is_its_boot_and_its_namespaces_or_else_its_name(
    proc: Files, monkeypatch: pytest.MonkeyPatch, boot: bytes | None, spaces: dict[str, int], host: str
) -> None:
    def stat(path: str) -> Any:
        name = path.removeprefix("/proc/self/ns/")
        if name not in spaces:
            raise PermissionError(path)
        return SimpleNamespace(st_ino=spaces[name])

    if boot is not None:
        proc[BOOT] = boot
    monkeypatch.setattr(os, "stat", stat)
    monkeypatch.setattr(socket, "gethostname", lambda: "h" * 70)
    assert system.host_id() == host


CALLS: list[tuple[Callable[[], bool], tuple[Any, ...]]] = [
    (system.become_subreaper, ("prctl", 36, 1, 0, 0, 0)),
    (lambda: system.die_with_parent(9), ("prctl", 1, 9, 0, 0, 0)),
    (lambda: system.punch(3, 4096, 8192), ("fallocate", 3, 3, 4096, 8192)),
]


@pytest.mark.parametrize(("call", "expected"), CALLS, ids=["adopt orphans", "die with the parent", "free a part of a file"])
def test_linux_is_asked_by_its_own_numbers_and_says_whether_it_did_it(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[], bool], expected: tuple[Any, ...]
) -> None:
    asked, answers = list[tuple[Any, ...]](), iter([0, -1])

    def named(name: str) -> Any:
        def ask(*given: Any) -> int:
            asked.append((name, *given))
            return next(answers)

        return ask

    monkeypatch.setattr(system, "_libc", SimpleNamespace(prctl=named("prctl"), fallocate=named("fallocate")))
    monkeypatch.setattr(system, "_LINUX", True)
    assert ([call(), call()], asked) == ([True, False], [expected] * 2)
    monkeypatch.setattr(system, "_LINUX", False)
    assert (call(), len(asked)) == (False, 2), "elsewhere nothing is asked"
