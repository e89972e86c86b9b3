"""What a process of a worker answers to an order and to a beat: what it takes, what it leaves, and what it gives back at the end."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution.worker import carrier, runner

HOST = socket.gethostname()


class Line:
    """A guardian that executes nothing."""

    def __init__(self) -> None:
        self.pid, self.start, self.stays_until_ms = 7, 9, None


class Guards:
    """Hands out one guardian, and keeps what happened to it."""

    def __init__(self) -> None:
        self.told = list[str]()
        self.line = Line()
        self.error: OSError | None = None

    def hire(self, package: str) -> Line:
        if self.error is not None:
            raise self.error
        self.told.append("hired")
        return self.line

    def give_back(self, line: Line) -> None:
        self.told.append("given back")


class Watched:
    """An order at a guardian, which ends as `raw` says."""

    raw: bytes | None = b'{"by": "exit", "exit_code": 0, "gone": true, "stays": true}'
    extended_ms = 0
    seen: dict[str, Any]

    def __init__(self, guard: Line) -> None:
        pass

    def watch(self, message: dict[str, Any], descriptors: list[int]) -> bytes | None:
        type(self).seen = message
        return self.raw

    def extend(self, deadline_ms: int) -> None: ...

    def end(self, *, kill: bool) -> None: ...


@pytest.fixture
def guards(monkeypatch: pytest.MonkeyPatch) -> Iterator[Guards]:
    found = Guards()
    own = runner._own()
    monkeypatch.setattr(own, "guards", found)
    monkeypatch.setattr(runner, "WatchedOrder", Watched)
    monkeypatch.setattr(Watched, "raw", Watched.raw)
    monkeypatch.setattr(runner, "sweep", lambda token: True)
    yield found
    assert found.told.count("hired") == found.told.count("given back"), "a guardian is given back whatever happens"


def order_in(place: Path, **facts: Any) -> dict[str, Any]:
    for name in ("logs", "spool", "tickets"):
        (place / name).mkdir(exist_ok=True, mode=0o700)
    base: dict[str, Any] = {
        "v": 1, "do": "execute", "session": "s", "token": "t.1", "argv": ["PY", "-c", "pass"], "python": "PY", "env": {"A": "é"},
        "without": ["HIDDEN"], "cwd": str(place), "timeout_s": 60.0, "grace_s": 5.0, "limit_rule": "set", "log_max_bytes": 1_000,
        "lease_s": None, "begin_by_ms": None, "shares_files": None, "landmark": str(place / "spool"), "tickets": str(place / "tickets"),
        "stdout_path": str(place / "logs" / "out"), "stderr_path": str(place / "logs" / "err"), "spool_dir": str(place / "spool"),
        "result_path": str(place / "logs" / "result"), "stdin": None, "stdin_path": None, "input": None,
    }  # fmt: skip
    return {**base, **facts}


def answered(message: Any, first: Any = None) -> dict[str, Any]:
    raw = message if isinstance(message, bytes) else json.dumps(message).encode()
    found: dict[str, Any] = json.loads(runner.answer(raw, first))
    assert (found.pop("v"), found.pop("where")) == (1, {"host": HOST, "pid": os.getpid(), "worker": runner._own().instance})
    return found


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ({"v": 2, "do": "execute"}, "is of another version"),
        ({"v": 1, "do": "dance"}, "is of another version"),
        (b"torn", "JSONDecodeError: "),
        ({}, "KeyError: 'v'"),
        ([], "TypeError: "),
        ({"v": 1, "do": "execute"}, "KeyError: 'session'"),
    ],
)
def test_a_message_that_is_not_understood_is_answered_with_what_is_spoken(message: Any, why: str) -> None:
    found = answered(message)
    assert (found["kind"], found["speaks"]) == ("unknown", [1])
    assert found["message"].startswith(why)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"shares_files": True, "landmark": "/nowhere/at/all"}, "it sees no /nowhere/at/all"),
        ({"begin_by_ms": 1}, "it came to it too late, by the clock of that machine"),
    ],
)
def test_an_order_that_cannot_be_executed_here_is_not_taken_and_draws_no_ticket(
    facts: dict[str, Any], why: str, guards: Guards, tmp_path: Path
) -> None:
    assert answered(order_in(tmp_path, **facts)) == {"kind": "not_taken", "message": f"{HOST}: {why}"}
    assert (guards.told, os.listdir(tmp_path / "tickets")) == ([], [])


def test_without_a_guardian_an_order_is_not_taken(guards: Guards, tmp_path: Path) -> None:
    guards.error = OSError(11, "Resource temporarily unavailable")
    found = answered(order_in(tmp_path))
    assert found == {
        "kind": "not_taken",
        "message": f"{HOST}: no guardian could be started: Resource temporarily unavailable",
    }


def test_an_order_without_a_lease_is_not_asked_for_one_and_one_with_it_waits_for_its_grant(
    guards: Guards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[tuple[str, str, float]]()

    def await_grant(*given: Any) -> str:
        asked.append(given)
        return "no word came"

    monkeypatch.setattr(runner._own().duties, "await_grant", await_grant)
    assert answered(order_in(tmp_path, lease_s=4.0)) == {"kind": "not_taken", "message": f"{HOST}: no word came"}
    assert (asked, guards.told) == ([("s", "t.1", 4.0)], [])


def test_a_ticket_that_the_engine_does_not_give_makes_it_the_second_delivery(guards: Guards, tmp_path: Path) -> None:
    asked = list[str]()

    def refuse(token: str) -> bool:
        asked.append(token)
        return False

    found = answered(order_in(tmp_path), refuse)
    assert (found["kind"], asked, guards.told) == ("twice", ["t.1"], ["hired", "given back"])


def test_a_ticket_that_cannot_be_drawn_leaves_the_order(guards: Guards, tmp_path: Path) -> None:
    order = order_in(tmp_path)
    (tmp_path / "tickets").rmdir()
    found = answered(order)
    assert found["kind"] == "not_taken"
    assert "No such file or directory" in found["message"]
    assert guards.told == ["hired", "given back"]


def test_a_folder_that_is_not_there_is_the_end_of_an_order_and_no_error(guards: Guards, tmp_path: Path) -> None:
    found = answered(order_in(tmp_path, cwd=str(tmp_path / "absent")), lambda _: True)
    ending = found["ending"]
    assert (found["kind"], found["token"]) == ("ended", "t.1")
    assert (ending["by"], ending["errno"], ending["gone"]) == ("not_started", 2, True)
    assert ending["message"] == f"on {HOST}: the folder {tmp_path / 'absent'} is not there (command.cwd)"


def test_of_a_lost_order_it_is_told_whether_its_processes_are_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    for raw, is_gone, ending in (
        (None, True, {"by": "lost", "gone": True}),
        (None, False, {"by": "lost", "gone": False}),
        (b'{"by": "exit", "gone": false}', True, {"by": "exit", "gone": True}),
        (b'{"by": "exit", "gone": true}', False, {"by": "exit", "gone": True}),
    ):
        monkeypatch.setattr(Watched, "raw", raw)
        monkeypatch.setattr(runner, "sweep", lambda token, is_gone=is_gone: is_gone)
        monkeypatch.setattr(runner, "_to_guardian", lambda *_: {})
        found = runner._watch({"token": "t.1"}, Watched(Line()), None, [], None)  # type: ignore[arg-type]
        assert found.items() >= ending.items()


@pytest.mark.parametrize(
    ("stays", "deadline_ms", "extended_ms", "until"),
    [
        (True, 500, 0, 500),
        (True, 500, 700, 700),
        (False, 500, 700, None),
        (None, 500, 700, None),
        (True, None, 700, None),
        (1, 500, 0, None),
    ],
)
def test_a_guardian_stays_for_another_order_only_until_its_deadline(
    stays: object, deadline_ms: int | None, extended_ms: int, until: int | None
) -> None:
    watched: Any = Watched(Line())
    watched.extended_ms = extended_ms
    ending = {"by": "exit", **({} if stays is None else {"stays": stays})}
    assert runner._stays_until_ms(ending, watched, deadline_ms) == until
    assert ending == {"by": "exit"}, "this is no word for the controller"


def test_a_guardian_is_told_the_python_of_this_machine_and_no_hidden_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class At:
        result, spool, stdout, stderr = "/é/result", "/spool", "/out", "/err"

    monkeypatch.setenv("HIDDEN", "secret")
    monkeypatch.setenv("SEEN", "1")
    at: Any = At()
    found = runner._to_guardian(order_in(tmp_path), at, 900)
    assert found["argv"] == [sys.executable, "-c", "pass"]
    assert found["env"]["A"].encode("latin-1").decode() == "é"
    assert found["env"]["BATCHDRAIN_RESULT_FILE"].encode("latin-1").decode() == "/é/result"
    assert ("HIDDEN" in found["env"], found["env"]["SEEN"]) == (False, "1")
    assert (found["timeout_s"], found["grace_s"], found["deadline_ms"], found["log_max_bytes"]) == (60.0, 5.0, 900, 1_000)
    assert (found["spool_dir"], found["cwd"], found["token"]) == ("/spool", str(tmp_path), "t.1")
    assert found["kept"] == {
        "limit_s": 60.0, "limit_rule": "set", "stdout_path": "/out", "stderr_path": "/err", "result_path": "/é/result",
    }  # fmt: skip
    assert runner._to_guardian(order_in(tmp_path, python=""), at, None)["argv"][0] == "PY"


def test_a_beat_is_answered_by_the_session_that_it_is_of() -> None:
    beat = {
        "v": 1,
        "do": "beat",
        "session": "mine",
        "heard": [],
        "wants": [],
        "starve": [],
        "kill": [],
        "say": "",
        "grants": {},
    }
    found = answered(beat)
    assert (found["kind"], found["session"]) == ("here", "mine")


def test_the_zip_of_a_worker_lies_where_nobody_else_may_write_and_is_kept_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    call = carrier.Call("source", b"zip", None)
    path = Path(call._unpack())
    assert (path.read_bytes(), path.parent.stat().st_mode & 0o777) == (b"zip", 0o700)
    day = 86_400
    for age_s, is_touched in ((day - 100, False), (day + 100, True)):
        os.utime(path, (time.time() - age_s,) * 2)
        call._unpack()
        assert (time.time() - path.stat().st_mtime < 60) is is_touched
    path.parent.chmod(0o750)
    with pytest.raises(PermissionError, match="can be written by other users"):
        call._unpack()
    refused = json.loads(call(b"{}"))
    assert (refused["kind"], refused["message"]) == (
        "not_taken", f"{HOST}: can be written by other users: {path.parent}",
    )  # fmt: skip


def test_two_texts_are_never_taken_for_the_same_function_and_two_zips_never_for_the_same_runner() -> None:
    calls = [carrier.Call(source, blob, None) for source, blob in (("a", b"x"), ("b", b"x"), ("a", b"y"))]
    assert len({one.known_as for one in calls}) == 2
    assert len({one.name for one in calls}) == 2
