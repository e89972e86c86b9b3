"""What a guardian leaves in the spool and tells at the end of an order, and whether it takes another one."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution.guardian import spool_writer
from batchdrain.execution.guardian.guardian import Guardian
from batchdrain.execution.guardian.wire import Inbox

TOKEN = "s.0123456789abcdef.1"
COMMAND = [7, 70]
KEPT = {"limit_s": 5.0, "limit_rule": "test"}


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    controller, ours = socket.socketpair()
    with controller, ours:
        yield controller, ours


def ended(
    folder: Path, ends: tuple[socket.socket, socket.socket], by: str, *, gone: bool, stays: bool = True, has_spool: bool = True,
    spool_dir: str = "/spool", monkeypatch: pytest.MonkeyPatch,
) -> tuple[bool, dict[str, Any], dict[str, Any] | None]:  # fmt: skip
    """Whether it stays, what it told, and what is in the spool."""
    logs = [os.open(folder / name, os.O_CREAT | os.O_RDWR) for name in ("out", "err")]
    spool = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    spool_writer.note(spool, TOKEN, *COMMAND)
    order: dict[str, Any] = {
        "number": 1, "deadline_ms": None, "grace_s": 1.0, "timeout_s": 1.0, "spool_dir": spool_dir, "token": TOKEN, "kept": KEPT,
    }  # fmt: skip
    guard = Guardian(ends[1], Inbox(ends[1]), order, [*logs, *([spool] if has_spool else [])], adopts=True)
    guard._command = [*COMMAND]
    monkeypatch.setattr(Guardian, "_execute", lambda *_: {"by": by, "exit_code": 0, "gone": gone})
    found = guard.run(None, -1, stays=stays)
    for fd in (*logs, *([spool] if has_spool else [])):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
    if not has_spool:
        os.close(spool)
    told = ends[0].recv(1 << 16)
    assert told[:1] == b"X"
    place = folder / f"{TOKEN}.json"
    return found, json.loads(told[1:]), json.loads(place.read_bytes()) if place.exists() else None


@pytest.mark.parametrize("by", ["exit", "timeout", "not_started"])
@pytest.mark.parametrize("gone", [True, False])
def test_an_ending_is_kept_with_the_command_as_long_as_something_of_it_lives(
    tmp_path: Path, ends: tuple[socket.socket, socket.socket], by: str, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stays, told, kept = ended(tmp_path, ends, by, gone=gone, monkeypatch=monkeypatch)
    assert (stays, told["stays"]) == (gone, gone), "what can't be ended is not left for another order"
    assert kept is not None
    assert (kept["by"], kept["token"], kept["limit_s"], kept.get("command")) == (by, TOKEN, 5.0, None if gone else COMMAND)
    assert "spool_error" not in told
    assert isinstance(told["ended_ms"], int)
    assert kept["ended_ms"] == told["ended_ms"]


@pytest.mark.parametrize("by", ["lease", "abandoned", "interrupt"])
@pytest.mark.parametrize("gone", [True, False])
def test_what_is_no_result_leaves_its_note_alone_as_long_as_something_of_it_lives(
    tmp_path: Path, ends: tuple[socket.socket, socket.socket], by: str, gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the note recovery finds what is left of it."""
    stays, told, kept = ended(tmp_path, ends, by, gone=gone, monkeypatch=monkeypatch)
    assert (stays, told["stays"]) == (False, False)
    assert kept == (None if gone else {"token": TOKEN, "command": COMMAND})


def test_a_guardian_whose_orders_are_over_or_whose_controller_is_gone_takes_no_other(
    tmp_path: Path, ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ended(tmp_path, ends, "exit", gone=True, stays=False, monkeypatch=monkeypatch)[0] is False
    with monkeypatch.context() as patched:
        patched.setattr(Inbox, "closed", True, raising=False)
        patched.setattr(Inbox, "__init__", lambda *_: None)
        assert ended(tmp_path, ends, "exit", gone=True, monkeypatch=monkeypatch)[0] is False


def test_a_result_that_can_not_be_kept_is_told_with_its_folder(
    tmp_path: Path, ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, told, kept = ended(tmp_path, ends, "exit", gone=True, has_spool=False, monkeypatch=monkeypatch)
    assert told["spool_error"] == "/spool: No such file or directory"
    assert kept == {"token": TOKEN, "command": COMMAND}
    _, told, _ = ended(tmp_path, ends, "exit", gone=True, has_spool=False, spool_dir="", monkeypatch=monkeypatch)
    assert "spool_error" not in told


def test_what_has_no_spool_removes_nothing_and_its_input_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder in which a guardian stands is nobody's spool."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.json").touch()
    monkeypatch.setattr(Guardian, "_execute", lambda *_: {"by": "interrupt", "gone": True})
    monkeypatch.setattr(time, "time_ns", lambda: 2_000_000_999_999)
    fds = [os.open(tmp_path / name, os.O_CREAT | os.O_RDWR) for name in ("out", "err", "in")]
    order = {
        "number": 1,
        "deadline_ms": None,
        "grace_s": 1.0,
        "timeout_s": 1.0,
        "spool_dir": "",
        "token": "t",
        "has_stdin": True,
    }
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert Guardian(theirs, Inbox(theirs), order, fds, adopts=True).run(None, -1, stays=True) is False
        assert ours.recv(1 << 10) == b'X{"by": "interrupt", "gone": true, "ended_ms": 2000000, "stays": false}\n'
    assert (tmp_path / "t.json").exists()
    for fd in fds:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(fd)
