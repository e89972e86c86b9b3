"""One order on a worker from its message to its answer, with a guardian that executes nothing."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution.worker import runner, sweep
from tests.execution.test_worker_answers import HOST, Guards, Line, Watched, answered, guards, order_in

__all__ = ["guards"]
GONE = b'{"by": "exit", "exit_code": 0, "gone": true, "stays": true}'


class Duties:
    """Keeps what it was told of an order."""

    def __init__(self) -> None:
        self.told: list[tuple[Any, ...]] = []

    def await_grant(self, *given: Any) -> str:
        self.told.append(("await", *given))
        return ""

    def begin(self, session: str, token: str, watched: Watched, *, leased: bool) -> int | None:
        self.told.append(("begin", session, token, type(watched), leased))
        return 500 if leased else None

    def end(self, session: str, token: str, answer: dict[str, Any] | None) -> None:
        self.told.append(("end", session, token, answer))


@pytest.fixture
def duties(monkeypatch: pytest.MonkeyPatch, guards: Guards) -> Duties:
    found = Duties()
    monkeypatch.setattr(runner._own(), "duties", found)
    return found


def order(place: Path, **facts: Any) -> dict[str, Any]:
    return order_in(place, back_bytes=64, **facts)


def test_an_order_under_a_lease_is_begun_ended_and_kept_until_its_end_was_heard(
    tmp_path: Path, guards: Guards, duties: Duties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watched, "raw", GONE)
    found = answered(order(tmp_path, lease_s=4.0))
    ending = {"by": "exit", "exit_code": 0, "gone": True}
    assert found == {"kind": "ended", "token": "t.1", "ending": ending, "shared": True}
    assert duties.told == [
        ("await", "s", "t.1", 4.0), ("begin", "s", "t.1", Watched, True), ("end", "s", "t.1", {**found, "v": 1, "where": {"host": HOST}}),
    ]  # fmt: skip
    assert guards.line.stays_until_ms == 500
    assert json.loads((tmp_path / "tickets" / "t.1").read_text())["guardian"] == [7, 9]
    assert Watched.seen["deadline_ms"] == 500


def test_an_order_without_a_lease_is_told_by_its_future_alone_and_its_guardian_takes_no_other(
    tmp_path: Path, guards: Guards, duties: Duties
) -> None:
    assert answered(order(tmp_path))["kind"] == "ended"
    assert duties.told == [("begin", "s", "t.1", Watched, False), ("end", "s", "t.1", None)]
    assert guards.line.stays_until_ms is None


def test_an_order_that_fails_on_the_way_is_ended_all_the_same(
    tmp_path: Path, duties: Duties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watched, "raw", b"torn")
    assert answered(order(tmp_path, lease_s=4.0))["kind"] == "unknown"
    assert duties.told[-1] == ("end", "s", "t.1", None)


@pytest.mark.parametrize(
    ("shares_files", "sees", "shared"),
    [(None, True, True), (None, False, False), (False, True, False), (False, False, False), (True, True, True)],
)
def test_the_session_s_folder_is_used_where_it_is_seen_and_not_denied(
    tmp_path: Path, duties: Duties, monkeypatch: pytest.MonkeyPatch, shares_files: bool | None, sees: bool, shared: bool
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    landmark = str(tmp_path / ("logs" if sees else "absent"))
    found = answered(order(tmp_path, shares_files=shares_files, landmark=landmark))
    assert (found["shared"], "logs" in found, "result" in found) == (shared, not shared, not shared)
    assert (tmp_path / "logs" / "out").exists() is shared
    assert list(tmp_path.glob("order-*")) == []


@pytest.mark.parametrize(("begin_by_ms", "kind"), [(5_000, "ended"), (4_999, "not_taken"), (5_001, "ended")])
def test_an_order_is_begun_until_its_latest_time(
    tmp_path: Path, duties: Duties, monkeypatch: pytest.MonkeyPatch, begin_by_ms: int, kind: str
) -> None:
    monkeypatch.setattr(time, "time", lambda: 5.0)
    assert answered(order(tmp_path, begin_by_ms=begin_by_ms))["kind"] == kind


@pytest.mark.parametrize(
    ("error", "why"),
    [(OSError(11, "try again"), "try again"), (OSError("the guardian did not start"), "the guardian did not start")],
)
def test_why_no_guardian_could_be_started_is_told(tmp_path: Path, guards: Guards, error: OSError, why: str) -> None:
    guards.error = error
    assert answered(order(tmp_path))["message"] == f"{HOST}: no guardian could be started: {why}"


def test_why_no_ticket_could_be_drawn_is_told(tmp_path: Path, guards: Guards) -> None:
    absent = str(tmp_path / "absent")
    found = answered(order(tmp_path, tickets=absent))
    assert found == {"kind": "not_taken", "message": f"{HOST}: No such file or directory: {absent}"}

    def first(_: str) -> bool:
        raise OSError("the scheduler is gone")

    found = answered(order(tmp_path, tickets="of the engine"), first)
    assert found == {"kind": "not_taken", "message": f"{HOST}: the scheduler is gone: of the engine"}
    (tmp_path / "tickets" / "t.1").touch()
    assert answered(order(tmp_path)) == {"kind": "twice", "message": "it was delivered before, or withdrawn"}


def test_what_was_not_started_names_the_machine(tmp_path: Path, duties: Duties, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watched, "raw", b'{"by": "not_started", "errno": 2, "message": "No such file", "gone": true}')
    found = answered(order(tmp_path))
    assert found["ending"]["message"] == f"on {HOST}: No such file"
    taken = str(tmp_path / "logs" / "out")
    again = answered(order(tmp_path, token="t.2"))
    assert again["ending"] == {
        "by": "not_started", "errno": None, "message": f"on {HOST}: File exists: {taken}", "duration_s": 0.0, "gone": True,
    }  # fmt: skip
    assert "shared" not in again


def test_nothing_of_an_order_stays_open(tmp_path: Path, duties: Duties, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = os.listdir("/proc/self/fd")
    answered(order(tmp_path))
    answered(order(tmp_path, token="t.2", shares_files=False))
    assert os.listdir("/proc/self/fd") == before


def test_of_a_guardian_that_died_it_is_told(monkeypatch: pytest.MonkeyPatch, guards: Guards) -> None:
    swept = list[str]()
    monkeypatch.setattr(Watched, "raw", None)
    monkeypatch.setattr(runner, "sweep", lambda token: swept.append(token) or True)  # type: ignore[func-returns-value]
    monkeypatch.setattr(runner, "_to_guardian", lambda *_: {})
    found = runner._watch({"token": "t.1"}, Watched(Line()), None, [], None)  # type: ignore[arg-type]
    assert found == {"by": "lost", "duration_s": 0.0, "message": "the guardian of the command died", "gone": True}
    assert swept == ["t.1"]


def test_a_machine_that_does_not_know_its_python_looks_for_one_and_bytes_stay_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "")
    at: Any = SimpleNamespace(result="/r", spool="", stdout="/o", stderr="/e")
    found = runner._to_guardian(order(tmp_path, env={"A": "\udcff"}), at, None)
    assert (found["argv"][0], found["env"]["A"]) == ("python3", "\xff")


def test_each_process_has_duties_of_its_own_and_removes_what_is_old_beside_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    tidied = list[str]()
    monkeypatch.setattr(runner, "tidy", tidied.append)
    monkeypatch.setattr(runner, "ZIP", "/code/x.zip")
    monkeypatch.setattr(runner, "_processes", {})
    own = runner._own()
    assert (runner._own(), tidied) == (own, ["/code"])
    monkeypatch.setattr(os, "getpid", lambda: -1)
    monkeypatch.setattr(runner, "ZIP", "")
    other = runner._own()
    assert (other is own, other.instance == own.instance, tidied) == (False, False, ["/code"])
    closed = list[str]()
    for process, name in ((own, "own"), (other, "other")):
        monkeypatch.setattr(process.guards, "close_in_child", lambda name=name: closed.append(name))
    runner._leave_to_the_parent()
    assert (closed, runner._processes) == (["own", "other"], {})


def test_a_signal_ends_what_runs_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[bool]()
    monkeypatch.setattr(runner._own(), "duties", SimpleNamespace(interrupt=lambda *, kill: asked.append(kill)))
    runner.interrupt(kill=True)
    runner.interrupt(kill=False)
    assert asked == [True, False]


def test_what_is_swept_bears_the_whole_variable_and_is_not_ourselves(monkeypatch: pytest.MonkeyPatch) -> None:
    module, contents = (
        sys.modules[sweep.sweep.__module__],
        {"1": b"A=1\0T=x\0", "2": b"A=T=x\0", "3": b"T=xy\0", "9": b"T=x\0", "self": b"T=x"},
    )

    class File:
        def __init__(self, path: str, mode: str) -> None:
            assert mode == "rb"
            self.name = path.removeprefix("/proc/").removesuffix("/environ")
            if self.name not in contents:
                raise ProcessLookupError

        def __enter__(self) -> File:  # noqa: PYI034 - it is that
            return self

        def __exit__(self, *_: object) -> None: ...

        def read(self) -> bytes:
            return contents[self.name]

    monkeypatch.setattr(module, "open", File, raising=False)
    monkeypatch.setattr(os, "listdir", lambda _: [*contents, "4"])
    monkeypatch.setattr(os, "getpid", lambda: 9)
    monkeypatch.setattr(module.system, "has_proc", lambda: True)
    assert module._find(b"T=x") == [1]
    monkeypatch.setattr(module.system, "has_proc", lambda: False)
    assert module._find(b"T=x") == []


def test_what_is_swept_is_killed_until_nothing_is_left_or_the_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    module, now, killed = sys.modules[sweep.sweep.__module__], [100.0], list[tuple[int, int]]()

    def kill(pid: int, number: int) -> None:
        killed.append((pid, number))
        now[0] += 2.5
        if pid == 5:
            raise ProcessLookupError

    monkeypatch.setattr(os, "kill", kill)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(time, "sleep", lambda _: None)
    looks = iter([[5, 6], []])
    monkeypatch.setattr(module, "_find", lambda _: next(looks))
    assert sweep.sweep("t") is False, "the time was over"
    looks = iter([[5], [6], []])
    now[0] = 0.0
    assert sweep.sweep("t") is False
    looks = iter([[5], []])
    assert sweep.sweep("t") is True
    assert killed == [(pid, 9) for pid in (5, 6, 5, 6, 5)]
