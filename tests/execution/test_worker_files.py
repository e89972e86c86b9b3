"""The files of an order on a worker: where they lie, what of them goes back, and what stays."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import tempfile
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution.guardian import system
from batchdrain.execution.worker import files
from batchdrain.execution.worker.files import Files, draw, note, sees

HOST = socket.gethostname()


def order_in(place: Path, **fields: Any) -> dict[str, Any]:
    logs = {name: str(place / "run" / name.partition("_")[0]) for name in ("stdout_path", "stderr_path", "result_path")}
    return {"back_bytes": 4, "spool_dir": str(place / "spool"), **logs, **fields}


def private(place: Path, cap: int = 4) -> Files:
    return Files({"back_bytes": cap}, shared=False, beside=str(place / "code.zip"))


def test_where_a_worker_sees_the_session_s_folder_the_files_are_those_of_the_order(tmp_path: Path) -> None:
    (tmp_path / "spool").mkdir()
    it = Files(order_in(tmp_path), shared=True, beside="/zip")
    descriptors = it.open()
    names = [str(Path(f"/proc/self/fd/{descriptor}").readlink()) for descriptor in descriptors]
    assert names == [f"{tmp_path}/run/stdout", f"{tmp_path}/run/stderr", f"{tmp_path}/spool"]
    assert (it.result, it.pack(), it.folder) == (f"{tmp_path}/run/result", {}, "")
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "run").iterdir()} == {0o600}
    for descriptor in descriptors:
        os.write(descriptor, b"said") if descriptor != descriptors[-1] else None
        os.close(descriptor)
    it.remove()
    assert (tmp_path / "run" / "stdout").read_bytes() == b"said", "they are the controller's"


@pytest.mark.parametrize("spool_dir", ["", "/absent/spool"])
def test_without_a_spool_there_are_the_logs_alone(tmp_path: Path, spool_dir: str) -> None:
    descriptors = Files(order_in(tmp_path, spool_dir=spool_dir), shared=True, beside="").open()
    assert len(descriptors) == 2
    for descriptor in descriptors:
        os.close(descriptor)


def test_elsewhere_they_lie_beside_the_code_in_a_folder_that_is_held_and_go_with_their_order(tmp_path: Path) -> None:
    it = private(tmp_path)
    folder = Path(it.folder)
    assert (folder.parent, folder.name[:6], folder.stat().st_mode & 0o777) == (tmp_path, "order-", 0o700)
    assert [it.stdout, it.stderr, it.result] == [f"{folder}/{name}" for name in ("stdout", "stderr", "result")]
    assert it.spool == ""
    for descriptor in it.open():
        os.close(descriptor)
    asked = os.open(folder, os.O_RDONLY)
    with pytest.raises(BlockingIOError):
        fcntl.flock(asked, fcntl.LOCK_EX | fcntl.LOCK_NB)
    it.remove()
    fcntl.flock(asked, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(asked)
    assert list(tmp_path.iterdir()) == []
    it.remove()


def test_without_code_beside_it_the_folder_is_a_temporary_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    it = Files({"back_bytes": 4}, shared=False, beside="")
    assert Path(it.folder).parent == tmp_path
    it.remove()


@pytest.mark.parametrize(("shared", "name"), [(True, "stderr"), (True, "stdout"), (False, "stderr")])
def test_a_file_that_is_there_already_is_told_and_nothing_stays_open(tmp_path: Path, shared: bool, name: str) -> None:
    it = Files(order_in(tmp_path), shared=True, beside="") if shared else private(tmp_path)
    (tmp_path / "run").mkdir()
    Path(getattr(it, name)).write_text("x")
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(FileExistsError) as raised:
        it.open()
    assert raised.value.filename == getattr(it, name)
    assert len(os.listdir("/proc/self/fd")) == before - (not shared), "nor the log that came first"
    assert Path(getattr(it, name)).exists() is shared, "a folder of this machine goes with what is in it"


def test_in_another_user_s_folder_nothing_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    before = os.listdir("/proc/self/fd")
    with pytest.raises(PermissionError) as raised:
        Files(order_in(tmp_path), shared=True, beside="").open()
    assert raised.value.args == (1, "is another user's")
    assert (raised.value.filename, os.listdir("/proc/self/fd")) == (f"{tmp_path}/run", before)
    assert list((tmp_path / "run").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "cap", "head", "tail", "left_out"),
    [
        (b"", 4, b"", b"", 0),
        (b"0123", 4, b"0123", b"", 0),
        (b"01234", 4, b"01", b"34", 1),
        (b"0123456789", 5, b"01", b"89", 6),
        (b"01", 1, b"", b"", 2),
        (b"x" * 3_000_000 + b"y", 3_000_001, b"x" * 3_000_000 + b"y", b"", 0),
    ],
    ids=["nothing", "the most", "one more", "an odd cap", "half of one is none", "more than is read at once"],
)
def test_head_and_tail_of_a_log_go_back_and_how_much_was_left_out(
    tmp_path: Path, content: bytes, cap: int, head: bytes, tail: bytes, left_out: int
) -> None:
    it = private(tmp_path, cap)
    Path(it.stdout).write_bytes(content)
    before = os.listdir("/proc/self/fd")
    found = it.pack()
    assert os.listdir("/proc/self/fd") == before
    log = found["logs"]["stdout"]
    assert (b64decode(log["head"]), b64decode(log["tail"]), log["left_out"]) == (head, tail, left_out)
    kept = {name: one.get("kept_at") for name, one in found["logs"].items()}
    both = {"stdout": f"{HOST}:{it.stdout}", "stderr": f"{HOST}:{it.stderr}"}
    assert kept == (both if left_out else {"stdout": None, "stderr": None})
    assert found["result"] == ""
    it.remove()
    assert Path(it.folder).exists() is (left_out > 0)


MADE: dict[str, tuple[Callable[[Path], object], bytes]] = {
    "nothing": (lambda path: None, b""),
    "a file": (lambda path: path.write_bytes(b"{}"), b"{}"),
    "a folder": (lambda path: path.mkdir(), b"\0"),
    "a link to a file": (lambda path: path.symlink_to("/etc/hostname"), b"\0"),
    "a link to nothing": (lambda path: path.symlink_to("/absent"), b"\0"),
    "a fifo": (os.mkfifo, b"\0"),
}


@pytest.mark.parametrize("what", MADE)
def test_a_result_file_goes_back_whole_and_anything_else_as_no_result(tmp_path: Path, what: str) -> None:
    make, expected = MADE[what]
    it = private(tmp_path)
    make(Path(it.result))
    make(Path(it.stderr))
    found = it.pack()
    assert b64decode(found["result"]) == expected
    assert b64decode(found["logs"]["stderr"]["head"]) == (b"{}" if what == "a file" else b"")
    it.remove()


def test_of_a_result_file_a_byte_more_goes_back_than_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that whoever reads it knows that it is too large."""
    assert files._RESULT_BYTES == 16 * 1024 * 1024
    monkeypatch.setattr(files, "_RESULT_BYTES", 3)
    it = private(tmp_path)
    Path(it.result).write_bytes(b"012345")
    assert b64decode(it.pack()["result"]) == b"0123"
    it.remove()


def test_a_log_that_became_something_else_meanwhile_has_no_part(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    found = [files._part_of(str(tmp_path / name), 0, 9) for name in ("absent", "folder", "fifo")]
    assert found == [b"", b"", b""]


def test_a_landmark_is_seen_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "landmark").touch()
    assert [sees(one) for one in (str(tmp_path / "landmark"), str(tmp_path / "absent"), "")] == [True, False, False]


def test_a_ticket_says_who_drew_it_and_nothing_of_it_stays_open(tmp_path: Path) -> None:
    before = os.listdir("/proc/self/fd")
    assert [draw(str(tmp_path), "t", (7, 70)), draw(str(tmp_path), "t", (8, 80))] == [True, False]
    (tmp_path / "laid").write_text("x" * 999)
    note(str(tmp_path), "laid", (7, 70))
    note(str(tmp_path), "absent", (7, 70))
    note(str(tmp_path / "absent"), "t", (8, 80))
    assert os.listdir("/proc/self/fd") == before
    fields = {
        "host": HOST, "host_id": system.host_id(), "drawer": [os.getpid(), system.start_of(os.getpid())], "guardian": [7, 70],
    }  # fmt: skip
    assert [json.loads((tmp_path / name).read_text()) for name in ("t", "laid")] == [fields, fields]
    assert (tmp_path / "t").stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["laid", "t"]
    with pytest.raises(FileNotFoundError) as raised:
        draw(str(tmp_path / "absent"), "t", (7, 70))
    assert raised.value.filename == str(tmp_path / "absent")
