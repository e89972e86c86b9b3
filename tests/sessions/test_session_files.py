"""The files beside the ledger: whole at every instant, exact at every end, and what people may put there."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batchdrain.model.phase import Skip
from batchdrain.runtime import files
from batchdrain.sessions import record as record_module
from batchdrain.sessions.events import Event, EventLog
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.session import Session, Status, metrics_per_minute
from tests.chaos.faults import fault
from tests.sessions.files import START, add, on_disk, result


@fault(89)
def test_a_session_is_full_before_its_file_is_too_large_to_be_read(record: SessionRecord, folder: SessionFolder) -> None:
    for number in range(2_000):
        record.add(result(number, success=False, error_message="\x1b" * 16_000, fingerprint=f"{number}" * 50), {})
        if record.is_full:
            break
    record.end(Status.STOPPED, START, "it is full")
    assert files.LARGEST // 2 < record.path.stat().st_size < files.LARGEST
    assert len(folder.load(record.session.session_id).results) == number + 1 < 2_000


def test_a_phase_that_is_tried_again_and_again_does_not_fill_its_session(
    record: SessionRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_module, "FULL_BYTES", 20_000)
    for attempt in range(20):
        add(record, result(0, success=False, error_message="x" * 5_000, attempt=attempt))
        assert not record.is_full
    for number in range(1, 4):
        add(record, result(number, success=False, error_message="x" * 5_000))
    assert record.is_full


def test_a_session_that_is_closed_holds_neither_its_lock_nor_its_log(folder: SessionFolder) -> None:
    def begun(name: str) -> SessionRecord:
        opened = SessionRecord(Session(session_id=name, session_uid="u" * 32, started_at=START), folder, folder.lock(name))
        add(opened, result(0))
        return opened

    begun("first").close()
    before = len(os.listdir("/proc/self/fd"))
    begun("second").close()
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(folder.lock("second"))


def test_a_later_result_of_a_phase_takes_the_place_of_the_former(record: SessionRecord) -> None:
    add(record, result(1, success=False, fingerprint="boom", retry_at=START))
    assert record.progress().repeats == {}
    add(record, result(2))
    add(record, result(1, success=False, fingerprint="boom"))
    record.save()
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
            planted.append(path.with_name(str(name)))
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


def test_files_are_for_us_alone(record: SessionRecord) -> None:
    add(record, result())
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (record.path, record.path.with_suffix(".events.jsonl"))}
    assert modes == {0o600}
    assert stat.S_IMODE(record.path.parent.stat().st_mode) == 0o700


def test_a_partial_last_line_is_ended_and_never_merged(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_bytes(b'{"event": "a"}\n{"event": "torn')
    log = EventLog(path, "s", "u")
    log.write(Event.PHASE_SELECTED, run_id='r"\n{"event": "forged"}')
    log.close()
    lines = path.read_text().splitlines()
    assert lines[:2] == ['{"event": "a"}', '{"event": "torn']
    assert [json.loads(lines[2])["event"], len(lines)] == ["phase.selected", 3]


def test_metrics_are_given_per_minute_of_execution() -> None:
    session = Session(session_id="s", started_at=START, results=[result(1, duration_s=30, metrics={"tokens": 15})])
    session.recount()
    assert metrics_per_minute(session) == {"tokens": 30.0}
