"""What travels to workers: it needs a Python 3.9 and its standard library, and names nothing of ours in a pickle."""

from __future__ import annotations

import ast
import json
import os
import pickle
import pickletools
import shutil
import stat
import subprocess
import sys
import threading
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution import worker_code
from batchdrain.execution.order import EndedBy
from tests.chaos.faults import fault
from tests.docs.pages import ROOT

ROOMS = ("guardian", "worker")
BARE = """
import importlib.util, pickle, sys
assert importlib.util.find_spec("batchdrain") is None and importlib.util.find_spec("psutil") is None
call, message = pickle.loads(sys.stdin.buffer.read())
again = pickle.loads(pickle.dumps(call))  # as a scheduler does that hands it on
sys.stdout.buffer.write(again(message))
"""


def order(folder: Path, **fields: Any) -> dict[str, Any]:
    tickets = folder / "tickets"
    tickets.mkdir(exist_ok=True)
    return {
        "v": 1,
        "do": "execute",
        "session": "s",
        "token": "s.one.1",
        "argv": ["PY", "-c", "import sys; print(sys.executable)"],
        "python": "PY",
        "env": {"BATCHDRAIN_TOKEN": "s.one.1"},
        "without": [],
        "cwd": str(folder),
        "stdout_path": str(folder / "out"),
        "stderr_path": str(folder / "err"),
        "result_path": str(folder / "result"),
        "timeout_s": 30.0,
        "grace_s": 1.0,
        "spool_dir": "",
        "log_max_bytes": 1_000_000,
        "limit_rule": "",
        "begin_by_ms": None,
        "tickets": str(tickets),
        "landmark": "",
        "shares_files": False,
        "back_bytes": 64_000,
        "lease_s": None,
        **fields,
    }


def answered(message: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(worker_code.make_call(None)(json.dumps(message).encode()))
    return found


def test_a_pickle_of_it_names_python_alone() -> None:
    raw = pickle.dumps(worker_code.make_call(None))
    named = [argument for opcode, argument, _ in pickletools.genops(raw) if opcode.name in {"GLOBAL", "STACK_GLOBAL"}]
    texts = [argument for opcode, argument, _ in pickletools.genops(raw) if "UNICODE" in opcode.name]
    assert len(named) == 1
    assert texts[:2] == ["builtins", "eval"]


def python_of(version: str) -> str:
    """An interpreter of that version that stands beside ours, or is on the path."""
    if version == "ours":
        return sys.executable
    beside = sorted(Path(sys.base_prefix).parent.glob(f"{version}.*/bin/python{version}"))
    found = str(beside[0]) if beside else shutil.which(f"python{version}")
    if found is None or subprocess.run([found, "-c", ""], check=False, capture_output=True).returncode:
        pytest.skip(f"there is no Python {version} here")
    return found


@fault(110)
@pytest.mark.parametrize("version", ["ours", "3.9", "3.10"])
def test_a_python_without_any_package_executes_an_order(tmp_path: Path, version: str) -> None:
    python = python_of(version)
    raw = pickle.dumps((worker_code.make_call(None), json.dumps(order(tmp_path)).encode()))
    done = subprocess.run(
        [python, "-I", "-S", "-c", BARE],
        input=raw,
        capture_output=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "TMPDIR": str(tmp_path)},
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    assert (found["v"], found["kind"], found["ending"]["by"], found["ending"]["exit_code"]) == (1, "ended", EndedBy.EXIT, 0)
    assert set(found["where"]) == {"host", "pid", "worker"}
    [folder] = tmp_path.glob("batchdrain-*")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [path.suffix for path in folder.iterdir()] == [".zip"]


@pytest.mark.parametrize(
    "path", sorted(path for room in ROOMS for path in (ROOT / "batchdrain/execution" / room).glob("*.py"))
)
def test_a_worker_of_python_3_9_can_read_it(path: Path) -> None:
    ast.parse(path.read_text(), feature_version=(3, 9))


def test_many_threads_that_come_first_load_it_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delitem(sys.modules, "_batchdrain_workers", raising=False)
    call: Any = worker_code.make_call(None)
    for name in [name for name in sys.modules if name.startswith(call.name)]:
        monkeypatch.delitem(sys.modules, name)
    ready, found = threading.Barrier(16), []

    def load() -> None:
        ready.wait()
        found.append(call.load())

    threads = [threading.Thread(target=load) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(runner) for runner in found}) == 1
    assert len(found) == 16


def test_a_folder_that_others_may_write_to_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / f"batchdrain-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    found = answered(order(tmp_path))
    assert found["kind"] == "not_taken"
    assert f"can be written by other users: {folder}" in found["message"]


@fault(111)
@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"no", b"\xff", b'{"v": 2, "do": "execute"}', b'{"v": 1, "do": "dance"}', b'{"v": 1, "do": "execute"}'],
)
def test_a_message_of_another_version_is_answered_and_not_guessed_at(raw: bytes) -> None:
    found = json.loads(worker_code.make_call(None)(raw))
    assert (found["v"], found["kind"], found["speaks"]) == (1, "unknown", [1])


def test_a_folder_that_is_not_there_is_told_with_its_host(tmp_path: Path) -> None:
    found = answered(order(tmp_path, cwd=str(tmp_path / "gone")))
    message = f"on {found['where']['host']}: the folder {tmp_path / 'gone'} is not there (command.cwd)"
    assert (found["ending"]["by"], found["ending"]["message"]) == ("not_started", message)


def test_the_environment_is_that_of_the_worker_less_what_is_denied_and_with_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THEIRS", "kept")
    monkeypatch.setenv("DENIED", "secret")
    monkeypatch.setenv("OURS", "theirs")
    env = {"BATCHDRAIN_TOKEN": "s.env.1", "OURS": "ours \udcff"}
    code = "import os; print(os.environ['THEIRS'], os.environb[b'OURS'], 'DENIED' in os.environ)"
    found = answered(order(tmp_path, token="s.env.1", argv=["PY", "-c", code], env=env, without=["DENIED"]))
    assert found["logs"]["stdout"]["head"] == "a2VwdCBiJ291cnMgXHhmZicgRmFsc2UK"  # kept b'ours \xff' False


def test_nothing_begins_under_a_lease_before_its_controller_was_heard_of(tmp_path: Path) -> None:
    """Whoever delivers an order after the controller's death executes nothing."""
    found = answered(order(tmp_path, session="unheard", token="s.lease.1", lease_s=0.2))
    assert (found["kind"], "its controller was not heard of for 0.2 s" in found["message"]) == ("not_taken", True)
    assert not (tmp_path / "tickets" / "s.lease.1").exists()


def test_an_order_that_comes_too_late_by_the_clock_of_its_worker_begins_nothing(tmp_path: Path) -> None:
    now_ms = round(time.time() * 1000)
    late = answered(order(tmp_path, token="s.late.1", begin_by_ms=now_ms - 1))
    soon = answered(order(tmp_path, token="s.soon.1", begin_by_ms=now_ms + 60_000))
    assert (late["kind"], soon["kind"]) == ("not_taken", "ended")
    assert "it came to it too late" in late["message"]
    assert [path.name for path in (tmp_path / "tickets").iterdir()] == ["s.soon.1"]


def test_what_is_starved_is_not_begun(tmp_path: Path) -> None:
    beat = {
        "v": 1,
        "do": "beat",
        "session": "starving",
        "heard": [],
        "wants": [],
        "starve": ["s.hungry.1"],
        "kill": [],
        "say": "",
        "grants": {},
    }
    here = answered(beat)
    granted = {**beat, "grants": {here["where"]["worker"]: here["boot_ms"] + 60_000}}
    answered(granted)
    hungry = answered(order(tmp_path, session="starving", token="s.hungry.1", lease_s=5.0))
    fed = answered(order(tmp_path, session="starving", token="s.fed.1", lease_s=5.0))
    assert (hungry["kind"], fed["kind"]) == ("not_taken", "ended")
    assert (answered(granted)["over"], answered(granted)["ended"]) == (["s.fed.1"], {})
    assert answered({**granted, "wants": ["s.fed.1"]})["ended"]["s.fed.1"]["kind"] == "ended"
    assert answered({**granted, "heard": ["s.fed.1"]})["over"] == []


def aged(path: Path, days: float) -> Path:
    """As if it was last used so long ago."""
    then = time.time() - days * 86_400
    os.utime(path, (then, then), follow_symlinks=False)
    return path


def test_an_order_keeps_the_code_that_it_needs_and_removes_what_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delitem(sys.modules, "_batchdrain_workers", raising=False)
    call: Any = worker_code.make_call(None)
    call.load()
    for name in [name for name in sys.modules if name.startswith(call.name)]:
        monkeypatch.delitem(sys.modules, name)  # another process finds them
    monkeypatch.delitem(sys.modules, "_batchdrain_workers")
    [code] = (tmp_path / f"batchdrain-{os.getuid()}").iterdir()
    left = code.with_name("order-left")
    left.mkdir()
    for path in (code, left):
        aged(path, 8)
    found = answered(order(tmp_path, token="s.kept.1"))

    assert (found["kind"], code.exists(), left.exists()) == ("ended", True, False)
    assert time.time() - code.stat().st_mtime < 3600


@pytest.mark.parametrize(("back_bytes", "stays"), [(9, True), (10, False)])
def test_a_log_of_which_only_a_part_went_back_stays_on_the_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, back_bytes: int, stays: bool
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code = "import sys; sys.stdout.write('0123456789')"
    found = answered(order(tmp_path, token=f"s.part.{back_bytes}", argv=["PY", "-c", code], back_bytes=back_bytes))
    kept = list(tmp_path.glob("batchdrain-*/order-*/stdout"))
    log = found["logs"]["stdout"]
    parts = [b64decode(log[name]) for name in ("head", "tail")]
    if not stays:
        assert (kept, parts, log["left_out"]) == ([], [b"0123456789", b""], 0)
        return
    assert (parts, log["left_out"]) == ([b"0123", b"6789"], 2)
    assert [path.read_text() for path in kept] == ["0123456789"]
    assert log["kept_at"] == f"{found['where']['host']}:{kept[0]}"


@pytest.mark.parametrize(
    ("act", "result"),
    [
        ("None", b""),
        ("open(path, 'w').write('{}')", b"{}"),
        ("os.mkdir(path)", b"\0"),
        ("os.symlink('/etc/hostname', path)", b"\0"),
        ("os.mkfifo(path)", b"\0"),
    ],
)
def test_a_result_comes_back_whole_and_what_is_no_file_is_no_result(tmp_path: Path, act: str, result: bytes) -> None:
    """What is no JSON is told to people: a command that put something else there meant to say something."""
    code = f"import os; path = os.environ['BATCHDRAIN_RESULT_FILE']; {act}"
    found = answered(order(tmp_path, token=f"s.result.{len(act)}", argv=["PY", "-c", code]))
    assert b64decode(found["result"]) == result
