"""What brings itself to a worker: one runner for each zip, one function for each text; and who guards there."""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import socket
import stat
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchdrain.execution import worker_code
from batchdrain.execution.guardian import hire, system, wire
from batchdrain.execution.worker import carrier, guardians
from batchdrain.execution.worker.guardians import GuardianLine, Guardians

PACKAGE = Path(worker_code.__file__).parents[1]


def zip_of(answer: str) -> bytes:
    """A zip with a runner that answers so."""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name in ("batchdrain/__init__.py", "batchdrain/execution/__init__.py", "batchdrain/execution/worker/__init__.py"):
            archive.writestr(name, "")
        text = f"ZIP = ''\ndef answer(message, first): return {answer!r}.encode() + message + ZIP.encode()[-4:] + first\n"
        archive.writestr("batchdrain/execution/worker/runner.py", text)
    return found.getvalue()


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = dict(sys.modules)
    monkeypatch.delitem(sys.modules, carrier.REGISTRY, raising=False)
    yield tmp_path / f"batchdrain-{os.getuid()}"
    for name in set(sys.modules) - set(before):
        del sys.modules[name]


def test_a_call_is_executed_by_the_runner_that_it_brings_and_another_by_its_own(place: Path) -> None:
    one, other = (carrier.Call("text", zip_of(answer), b"!") for answer in ("one ", "other "))
    assert [one(b"a"), other(b"b"), one(b"c")] == [b"one a.zip!", b"other b.zip!", b"one c.zip!"]
    assert one.load() is one.load()
    names = [f"_batchdrain_{hashlib.sha256(call.blob).hexdigest()[:24]}.zip" for call in (one, other)]
    assert sorted(path.name for path in place.iterdir()) == sorted(names), "and nothing unfinished"
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o600}
    (place / names[0]).unlink()
    assert one(b"again") == b"one again.zip!"
    assert (place / names[0]).read_bytes() == one.blob, "a cleaner had removed it"


def test_a_pickle_is_executed_by_the_text_that_it_brings_once_in_each_process() -> None:
    source = Path(carrier.__file__).read_text(encoding="utf-8")
    call = carrier.Call(source, zip_of("x"), b"!")
    name = f"_batchdrain_{hashlib.sha256(source.encode()).hexdigest()[:24]}"
    assert (call.known_as, name in sys.modules) == (name, False)
    found = [pickle.loads(pickle.dumps(call)) for _ in range(2)]
    assert [(one.source, one.blob, one.first) for one in found] == [(source, call.blob, b"!")] * 2
    assert {type(one) for one in found} == {sys.modules[name].Call}
    assert carrier.remember(name) is sys.modules[name]
    assert found[0](b"-") == b"x-.zip!"


def test_what_is_made_for_an_engine_brings_the_runner_and_the_tickets() -> None:
    def first(_: str) -> bool:
        return True

    made: Any = worker_code.make_call(first)
    assert (made.first, made.blob) == (first, worker_code.zip_code())
    assert made.source == Path(carrier.__file__).read_text(encoding="utf-8")


def test_where_its_code_can_not_be_stored_an_order_is_not_taken(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place.write_text("in the way")
    said = json.loads(carrier.Call("", b"", None)(b""))
    assert (said["v"], said["kind"]) == (1, "not_taken")
    assert said["message"] == f"{socket.gethostname()}: File exists: {place}"
    monkeypatch.setattr(carrier.Call, "load", lambda _: exec("raise OSError('odd')"))
    assert json.loads(carrier.Call("", b"", None)(b""))["message"] == f"{socket.gethostname()}: odd: {place.parent}"


@pytest.mark.parametrize("what", ["a link", "another user's", "seen by a group", "seen by others"])
def test_a_folder_that_is_not_ours_alone_is_not_used(place: Path, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    (place.parent / "theirs").mkdir(mode=0o700)
    if what == "a link":
        place.symlink_to(place.parent / "theirs")
    else:
        place.mkdir(mode=0o700)
        place.chmod({"seen by a group": 0o710, "seen by others": 0o701}.get(what, 0o700))
    if what == "another user's":
        found = SimpleNamespace(st_mode=stat.S_IFDIR | 0o700, st_uid=os.getuid() + 1)
        real = os.lstat
        monkeypatch.setattr(os, "lstat", lambda path, **more: found if path == str(place) else real(path, **more))
    with pytest.raises(PermissionError) as raised:
        carrier.Call("", b"", None)._unpack()
    assert (raised.value.args, raised.value.filename) == ((1, "can be written by other users"), str(place))


def test_what_travels_is_the_guardian_and_the_runner_as_they_stand_here() -> None:
    assert worker_code.zip_code.__wrapped__() == worker_code.zip_code(), "by its hash a worker knows what it has"
    with zipfile.ZipFile(io.BytesIO(worker_code.zip_code())) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
        assert {member.date_time for member in archive.infolist()} == {(2020, 1, 1, 0, 0, 0)}
    rooms = [path for room in ("guardian", "worker") for path in sorted((PACKAGE / "execution" / room).glob("*.py"))]
    expected = {f"batchdrain/{path.relative_to(PACKAGE)}": path.read_bytes() for path in rooms}
    assert found == {"batchdrain/__init__.py": b"", "batchdrain/execution/__init__.py": b"", **expected}
    assert list(found)[2:] == list(expected)


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[GuardianLine, socket.socket]]:
    monkeypatch.setattr(system, "has_proc", lambda: True)
    monkeypatch.setattr(system, "start_of", lambda pid: 70 if pid == 7 else 0)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.send(b"G7 70\n")
        yield GuardianLine(ours), theirs


@pytest.mark.parametrize(("at_ms", "there"), [(79_999, True), (80_000, False), (80_001, False)])
def test_a_guardian_that_will_leave_within_twenty_seconds_gets_no_order(
    line: tuple[GuardianLine, socket.socket], monkeypatch: pytest.MonkeyPatch, at_ms: int, there: bool
) -> None:
    monkeypatch.setattr(wire, "boottime_ms", lambda: at_ms)
    assert line[0].is_there() is False
    line[0].stays_until_ms = 100_000
    assert line[0].is_there() is there
    line[1].send(b"x")
    assert line[0].is_there() is False, "it says something, or is gone"


def test_only_the_guardian_itself_is_woken_or_killed(
    line: tuple[GuardianLine, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, gone = list[tuple[int, int]](), [False]

    def kill(pid: int, number: int) -> None:
        sent.append((pid, number))
        if gone[0]:
            raise ProcessLookupError

    monkeypatch.setattr(os, "kill", kill)
    line[0].wake()
    gone[0] = True
    line[0].kill()
    monkeypatch.setattr(system, "start_of", lambda _: 71)
    line[0].kill()
    assert sent == [(7, 18), (7, 9)]


def test_a_guardian_of_another_namespace_is_refused_where_processes_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "start_of", lambda _: 0)
    for has_proc in (True, False):
        monkeypatch.setattr(system, "has_proc", lambda has_proc=has_proc: has_proc)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            theirs.send(b"G7 70\n")
            if not has_proc:
                assert GuardianLine(ours).pid == 7
                continue
            with pytest.raises(OSError, match=r"\Achild processes live in another pid or time namespace than this process\Z"):
                guardians._meet(ours)
            assert ours.fileno() < 0


class Spare:
    """A guardian, as far as it is kept."""

    def __init__(self) -> None:
        self.stays_until_ms: int | None = 1
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_sixty_four_guardians_are_kept_and_all_are_closed_in_a_forked_child() -> None:
    own, kept = Guardians(), [Spare() for _ in range(64)]
    busy: Any = Spare()
    control: Any = Spare()
    own.close_in_child()
    for spare in kept:
        own.give_back(spare)  # type: ignore[arg-type]
    more = Spare()
    own.give_back(more)  # type: ignore[arg-type]
    own._at_work, own._control = {busy}, control
    assert (more.closed, {spare.closed for spare in kept}) == (1, {0})
    own.close_in_child()
    assert ({spare.closed for spare in kept}, busy.closed, control.closed, more.closed) == ({1}, 1, 1, 1)


def test_a_guardian_is_at_work_until_it_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Guardians()
    guard: Any = Spare()
    monkeypatch.setattr(own, "_hire_new", lambda package: guard if package == "zip" else None)
    found: Any = own.hire("zip")
    assert (found, guard.stays_until_ms, own._at_work) == (guard, None, {guard})
    own.give_back(found)
    assert (own._at_work, guard.closed) == (set(), 1)


def test_the_server_of_guardians_is_waited_for_beside_us_and_its_sends_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    waited, given = threading.Event(), list[Any]()

    def start(theirs: socket.socket, package: str) -> Any:
        given.append((theirs.fileno() >= 0, package, theirs))
        return SimpleNamespace(wait=lambda: given.append(threading.current_thread()) or waited.set())  # type: ignore[func-returns-value]

    monkeypatch.setattr(hire, "start_server", start)
    monkeypatch.setattr(hire, "limit_sends", lambda sock, within_s: given.append(within_s))
    own, former = Guardians(), Spare()
    own._control = former  # type: ignore[assignment]
    control = own._start("zip")
    assert waited.wait(60)
    control.close()
    assert (given[0], given[1][:2], given[1][2].fileno() < 0, former.closed) == (30, (True, "zip"), True, 1)
    assert (given[2].daemon, given[2].name) == (True, "batchdrain-server")
