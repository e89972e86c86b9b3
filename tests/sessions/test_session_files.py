"""The files beside the ledger: whole at every instant, exact at every end, and what people may put there."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batchdrain.model.errors import BadData, FilesUnavailable, SessionInUse, UsageError
from batchdrain.model.phase import Skip
from batchdrain.reports import markdown, text
from batchdrain.runtime import files
from batchdrain.runtime.text import safe_text, slug_of, to_printable, to_storable
from batchdrain.sessions.events import Event, EventLog
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.parse import CorruptSession, parse
from batchdrain.sessions.record import AT_ONCE, SessionRecord
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session, Status, metrics_per_minute

START = datetime(2025, 12, 28, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    found = SessionFolder(tmp_path / "state" / "sessions")
    found.prepare()
    return found


@pytest.fixture
def record(folder: SessionFolder) -> Iterator[SessionRecord]:
    name = folder.new_id(START)
    session = Session(session_id=name, session_uid="u" * 32, started_at=START, status=Status.RUNNING, batch_size=5)
    opened = SessionRecord(session, folder, folder.lock(name))
    yield opened
    opened.close()


def result(number: int = 0, *, success: bool = True, **more: Any) -> Result:
    fields = {"run_id": "r", "phase_id": f"p{number}", "success": success, "final_state": "X", "timestamp": START, **more}
    return Result(**fields)


def add(record: SessionRecord, found: Result) -> None:
    record.add(found, {"run_id": found.run_id, "phase_id": found.phase_id, "epoch": 1, "success": found.success})
    record.settle()


def on_disk(record: SessionRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record.path.read_text())
    return found


def test_each_result_is_on_disk_when_add_returns(record: SessionRecord) -> None:
    for number in range(3):
        add(record, result(number, success=number != 1, fingerprint="boom", metrics={"tokens": 2}))
        found = on_disk(record)
        assert (len(found["results"]), found["total_processed"]) == (number + 1, number + 1)
    assert (found["total_success"], found["total_failed"], found["fingerprint_counts"]) == (2, 1, {"boom": 1})
    assert found["metrics"] == {"tokens": 6.0}
    assert found["started_at"] == "2025-12-28T12:00:00Z"


def test_a_large_session_may_lag_but_is_exact_at_its_end(record: SessionRecord) -> None:
    for number in range(AT_ONCE + 200):
        add(record, result(number))
    events = record.path.with_suffix(".events.jsonl").read_text().splitlines()
    assert len(events) == AT_ONCE + 200
    record.end(Status.COMPLETE, START)
    assert on_disk(record)["total_processed"] == len(on_disk(record)["results"]) == AT_ONCE + 200


def test_the_saver_catches_up_by_itself(record: SessionRecord) -> None:
    for number in range(AT_ONCE + 2):
        add(record, result(number))
    saved = threading.Event()
    original = files.replace

    def watched(path: Path, parts: Any, mode: int = 0o600) -> None:
        original(path, parts, mode)
        saved.set()

    files.replace = watched
    try:
        add(record, result(AT_ONCE + 2))
        assert saved.wait(60)
    finally:
        files.replace = original
    assert len(on_disk(record)["results"]) >= AT_ONCE + 1


def test_a_later_result_of_a_phase_takes_the_place_of_the_former(record: SessionRecord) -> None:
    add(record, result(1, success=False, fingerprint="boom", retry_at=START))
    assert record.progress().repeats == {}
    add(record, result(2))
    add(record, result(1, success=False, fingerprint="boom"))
    assert [r["phase_id"] for r in on_disk(record)["results"]] == ["p1", "p2"]
    assert (on_disk(record)["total_processed"], record.progress().repeats) == (2, {"boom": 1})


def test_the_progress_counts_what_stop_conditions_look_at(record: SessionRecord) -> None:
    add(record, result(1, success=False, timed_out=True, fingerprint="late"))
    add(record, result(2, success=False, fingerprint="late"))
    progress = record.progress()
    assert (progress.consecutive_failures, progress.timeouts, progress.repeats) == (2, {"r": 1}, {"late": 2})
    add(record, result(3))
    assert record.progress().consecutive_failures == 0
    assert record.counts.fixed == {"r": 1}


def test_a_skip_is_told_once(record: SessionRecord) -> None:
    assert [record.note_once(Event.PHASE_SKIPPED, Skip("rule", "value"), count=3) for _ in range(3)] == [True, False, False]


def test_a_save_that_fails_leaves_the_former_version_whole(folder: SessionFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder.folder / "x.json"
    files.replace(path, [b"one"])

    def no_space(fd: int, content: Any) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", no_space)
    with pytest.raises(OSError, match="No space"):
        files.replace(path, [b"two"])
    monkeypatch.undo()
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in folder.folder.iterdir()] == ["x.json"]


@pytest.mark.parametrize("plant", [os.symlink, os.link], ids=["symbolic", "hard"])
def test_a_link_that_is_planted_where_a_save_begins_is_not_written_through(
    folder: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plant: Callable[[Path, Path], None]
) -> None:
    """By somebody who may write to the folder, between the unlink of the temporary file and its opening."""
    path, victim = folder.folder / "x.json", tmp_path / "victim"
    files.replace(path, [b"one"])
    victim.write_bytes(b"precious")
    planted: list[Path] = []
    real = os.open

    def raced(name: Any, *rest: Any, **more: Any) -> int:
        if not planted and str(name).endswith(".tmp"):
            planted.append(Path(name))
            plant(victim, planted[0])
        return real(name, *rest, **more)

    monkeypatch.setattr(os, "open", raced)
    with pytest.raises(FileExistsError):
        files.replace(path, [b"two"])
    monkeypatch.undo()

    assert [entry.name for entry in planted] == [f".x.json.{os.getpid()}.tmp"]
    assert (victim.read_bytes(), path.read_bytes()) == (b"precious", b"one")
    files.replace(path, [b"two"])
    assert (victim.read_bytes(), path.read_bytes()) == (b"precious", b"two")


def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: real(fd, bytes(content)[:3]))
    files.replace(tmp_path / "x", [b"0123456789"])
    monkeypatch.undo()
    assert (tmp_path / "x").read_bytes() == b"0123456789"


def test_temporary_files_of_dead_writers_are_swept(folder: SessionFolder) -> None:
    dead, ours = folder.folder / ".a.json.999999999.tmp", folder.folder / f".b.json.{os.getpid()}.tmp"
    dead.touch()
    with ours.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # as a writer does, in whatever process, host or container
        folder.prepare()
        assert (dead.exists(), ours.exists()) == (False, True)


def test_files_are_for_us_alone(record: SessionRecord) -> None:
    add(record, result())
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (record.path, record.path.with_suffix(".events.jsonl"))}
    assert modes == {0o600}
    assert stat.S_IMODE(record.path.parent.stat().st_mode) == 0o700


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o770)
    with pytest.raises(FilesUnavailable, match="not ours alone"):
        SessionFolder(tmp_path).prepare()


def test_a_partial_last_line_is_ended_and_never_merged(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(b'{"event": "a"}\n{"event": "torn')
    log = EventLog(path, "s", "u")
    log.write(Event.PHASE_SELECTED, run_id='r"\n{"event": "forged"}')
    log.close()
    lines = path.read_text().splitlines()
    assert lines[:2] == ['{"event": "a"}', '{"event": "torn']
    assert [json.loads(lines[2])["event"], len(lines)] == ["phase.selected", 3]


def test_names_of_one_second_differ_and_are_counted(folder: SessionFolder) -> None:
    stem = "batch-drain-20251228-120000"
    assert [folder.new_id(START) for _ in range(3)] == [stem, f"{stem}-2", f"{stem}-3"]
    folder.path("batch-drain-20251228-120001").write_text("{}")
    assert folder.new_id(START.replace(second=1)) == "batch-drain-20251228-120001-2"


def test_a_session_that_is_held_names_its_holder(folder: SessionFolder) -> None:
    name = folder.new_id(START)
    fd = folder.lock(name)
    with pytest.raises(SessionInUse, match=f"process {os.getpid()} is draining it"):
        folder.lock(name)
    os.close(fd)
    os.close(folder.lock(name))


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b"null", b"{", b'{"session_id": NaN}', b"[" * 100_000, b'{"session_id": ' + b"9" * 5000 + b"}", b'{"a": 1, "a": 2}',
     '{"session_id": "x"}'.encode("utf-16"), b"\xef\xbb\xbf{}", b'{"session_id": "x"}'],
    ids=lambda raw: ascii(raw[:20]),
)  # fmt: skip
def test_what_is_no_session_is_told_as_corrupt(raw: bytes) -> None:
    with pytest.raises(CorruptSession):
        parse(raw, "place")


def test_a_newer_schema_is_refused_and_left_alone(folder: SessionFolder) -> None:
    path = folder.path("s")
    path.write_text('{"schema_version": 99, "session_id": "s", "started_at": "2025-12-28T12:00:00Z"}')
    with pytest.raises(BadData, match="newer"):
        folder.load("s")
    assert "99" in path.read_text()


@pytest.mark.parametrize("name", ["../../etc/x", "/abs", "", ".", "a..b", "x" * 101, "-rf", "a\x00b", "a/b"])
def test_a_name_that_can_be_no_session_is_refused(folder: SessionFolder, name: str) -> None:
    with pytest.raises(UsageError, match="is no session id"):
        folder.load(name)


def test_links_and_fifos_are_not_read(folder: SessionFolder, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("{}")
    folder.path("link").symlink_to(tmp_path / "target")
    os.mkfifo(folder.path("fifo"))
    folder.path("folder").mkdir()
    for name in ("link", "fifo", "folder"):
        with pytest.raises(BadData):
            folder.load(name)


def test_a_file_that_is_too_large_is_not_read(folder: SessionFolder) -> None:
    with folder.path("huge").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(BadData, match="too many"):
        folder.load("huge")


def test_metrics_are_given_per_minute_of_execution() -> None:
    session = Session(session_id="s", started_at=START, results=[result(1, duration_s=30, metrics={"tokens": 15})])
    session.recount()
    assert metrics_per_minute(session) == {"tokens": 30.0}


HOSTILE = "\x1b]0;title\x07 <script>alert(1)</script> | `x` [a](javascript:b) ![i](http://x) \u202e\r\n=cmd"


def test_hostile_text_can_not_leave_its_line_nor_its_cell() -> None:
    session = Session(
        session_id="s", started_at=START, results=[result(1, success=False, error_message=HOSTILE, run_id=HOSTILE)]
    )
    session.recount()
    page = markdown.render(session, "x")
    plain = text.render(session, "x")
    assert "<script" not in page
    assert "](" not in page.replace("\\]\\(", "")
    assert all(line.count("|") - line.count("\\|") in {0, 3, 4, 6} for line in page.splitlines())
    assert not any(character in page + plain for character in "\x1b\x07\u202e\r")


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("www.evil.example/x.png", "www&#8203;.evil.example/x.png"),
        ("WWW.evil.example", "WWW&#8203;.evil.example"),
        ("https://evil.example", "https\\://evil.example"),
        ("@everyone", "\\@&#8203;everyone"),
        ("a@b.example", "a\\@&#8203;b.example"),
        ("fixes #1", "fixes \\#&#8203;1"),
        ("$\\\\frac{1}{2}$", "&#36;\\\\\\\\frac\\{1\\}\\{2\\}&#36;"),
        ("build.yaml, 3.5 s", "build.yaml, 3.5 s"),
    ],
)
def test_hostile_text_makes_no_link_no_mention_and_no_formula(hostile: str, shown: str) -> None:
    assert markdown.escape(hostile) == shown


def test_a_link_that_others_may_turn_elsewhere_is_no_folder_for_sessions(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "ours").mkdir(mode=0o700)
    link = tmp_path / "open" / "sessions"
    link.symlink_to(tmp_path / "ours")
    SessionFolder(link).prepare()
    link.parent.chmod(0o777)
    with pytest.raises(FilesUnavailable, match="others may turn it elsewhere"):
        SessionFolder(link).prepare()
    link.parent.chmod(0o1777)
    SessionFolder(link).prepare()


@given(st.text())
def test_what_is_shown_is_one_line_and_what_is_stored_is_utf8(found: str) -> None:
    assert len(safe_text(found).splitlines()) <= 1
    assert "\x00" not in to_storable(found)
    assert len(to_storable(found).encode()) <= 64_000
    assert to_printable(found.replace("\x00", ""), "ascii").isascii()
    assert "/" not in slug_of(found)
    assert not slug_of(found).startswith((".", "-"))
