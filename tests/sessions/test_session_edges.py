"""First moments, reopened sessions, and errors with their cures: what the parts of a session do at their edges."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batchdrain.model.errors import BadData, FilesUnavailable
from batchdrain.runtime import files
from batchdrain.sessions import event_reader, late_saver
from batchdrain.sessions.balance import Balance, BalanceCount, Ends, Skips
from batchdrain.sessions.event_reader import EventReader
from batchdrain.sessions.events import Event, EventLog
from batchdrain.sessions.exit_code import is_kept_orphaned
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.late_saver import LateSaver
from batchdrain.sessions.old_files import SessionFiles, has_spooled
from batchdrain.sessions.parse import CorruptSession
from batchdrain.sessions.rebuild import results_of
from batchdrain.sessions.session import BY_ORPHANS, Session, Status
from batchdrain.sessions.whole import whole_of
from tests.sessions.files import HEAD, START, result
from tests.sessions.test_rebuild import row


@pytest.mark.parametrize(
    ("finals", "ends", "known"),
    [
        ((), Ends(), 6), (("CANCELLED",), Ends(moved=1), 6), (("CANCELLED", "CANCELLED"), Ends(moved=2), 4),
        (("FAILED",), Ends(moved=1, gone=1), 6), (("FAILED", "CANCELLED"), Ends(moved=2, gone=1), 5), (("FAILED",), Ends(failing=1), 8),
    ],
)  # fmt: skip
def test_a_session_that_goes_on_has_the_balance_that_it_was_left_with(
    finals: tuple[str, ...], ends: Ends, known: int
) -> None:
    results = [result(at, success=False, initial_state="FAILED", final_state=final) for at, final in enumerate(finals)]
    left = Balance.of(before=6, known=known, ends=ends, skips=Skips(accepted=1, filtered=1, by_rules=1))
    assert BalanceCount(results, left, frozenset({"FAILED"})).balance() == left


class Saver(LateSaver):
    """One that counts its saves, and may be told to fail."""

    def __init__(self) -> None:
        self.saves, self.fails, self.saved = 0, False, threading.Event()
        super().__init__(self._note)

    def _note(self) -> None:
        self.saves += 1
        if self.fails:
            self.saved.set()
            raise FilesUnavailable("full")
        self.note_begin()
        self.saved.set()


@pytest.fixture
def saver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Saver]:
    monkeypatch.setattr(late_saver, "_ENDS_WITHIN_S", 10.0)
    found = Saver()
    yield found
    found.close()


def test_a_saver_saves_nothing_before_it_is_asked_and_once_after_that(saver: Saver) -> None:
    assert (saver.has_rested, saver.has_failed, saver.take_failure()) == (True, False, None)
    assert saver._save_if_due()
    assert saver.saves == 0
    saver.ask()
    assert saver.saved.wait(60)
    saver.close()
    assert saver.saves == 1


def test_a_saver_that_is_closed_ends_its_thread_though_nothing_is_due(saver: Saver) -> None:
    saver.ask()
    assert saver.saved.wait(60)
    thread = saver._thread
    assert thread is not None
    saver.close()
    assert not thread.is_alive()


def test_a_save_that_ends_before_any_began_may_rest(saver: Saver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 50.0)
    saver.note_end(rests=True)
    assert (saver._rests_until, saver.has_rested) == (50.8, False)
    saver.note_end(rests=False)
    assert saver.has_rested


def test_a_saver_whose_failure_was_taken_is_begun_anew_though_it_still_has_something_to_save(saver: Saver) -> None:
    saver.fails = True
    saver.ask()
    assert saver._thread is not None
    saver._thread.join(60)
    assert saver.has_failed
    assert str(saver.take_failure()) == "full"
    assert (saver.has_failed, saver.take_failure(), saver._is_due) == (False, None, True)
    saver.fails = False
    saver.saved.clear()
    saver.ask()
    assert saver.saved.wait(60)
    assert saver.saves == 2


def test_an_event_is_ascii_in_utc_and_obeyed_by_no_ci(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    time.tzset()
    try:
        log = EventLog(tmp_path / "x", "s", None)
        log.write(Event.CLAIM_LOST, reason="é ::error::", path=Path("a"))
        log.close()
    finally:
        monkeypatch.undo()
        time.tzset()
    text = (tmp_path / "x").read_text()
    found = json.loads(text)
    assert text.isascii()
    assert " ::" not in text
    assert (found["reason"], found["path"]) == ("é ::error::", "a")
    at = datetime.fromisoformat(found["timestamp"])
    assert abs(datetime.now(UTC) - at) < timedelta(hours=1)
    assert found["timestamp"].endswith("Z")


def test_what_fails_with_the_log_of_events_is_told_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    log = EventLog(tmp_path / "a", "s", None)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(FilesUnavailable) as written:
            log.append(Event.CLAIM_LOST)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", full)
        with pytest.raises(FilesUnavailable) as synced:
            log.sync()
    log.close()
    (tmp_path / "b").mkdir()
    with pytest.raises(FilesUnavailable) as opened:
        EventLog(tmp_path / "b", "s", None)
    assert [one.value.remedy for one in (written, synced, opened)] == [
        "free disk space; results are in the ledger, `inv resume` continues",
        "repair the disk; results are in the ledger",
        "fix the file or set session_dir",
    ]


@pytest.mark.parametrize("kind", ["another session's", "a pipe", "too large", "others may write it", "a folder"])
def test_why_a_session_s_file_is_not_read_is_told_with_its_cure(
    kind: str, folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder.path("s")
    if kind == "a pipe":
        os.mkfifo(place)
    elif kind == "a folder":
        place.mkdir()
    else:
        place.write_text(json.dumps({**HEAD, "session_id": "o" * 200}))
        place.chmod(0o606 if kind == "others may write it" else 0o600)
        monkeypatch.setattr(files, "LARGEST", 10 if kind == "too large" else 1_000)
    says, cure = {
        "another session's": (f"is of another session, {'o' * 100!r}", "name the file as the session is named"),
        "a pipe": ("is not a regular file of batchdrain", "put the session's own file there"),
        "a folder": ("is not a regular file of batchdrain", "put the session's own file there"),
        "too large": (f"{place.stat().st_size} bytes are too many", "put the session's own file there"),
        "others may write it": ("others may write it", f"check what it says, then chmod 600 {place}"),
    }[kind]
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(BadData) as caught:
        folder.load("s")
    assert (caught.value.message, caught.value.remedy) == (f"{place}: {says}", cure)
    assert isinstance(caught.value, CorruptSession) is (kind == "another session's")
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_row_without_an_end_state_has_none() -> None:
    assert [one.final_state for one in results_of([row(final_state=None)])] == [""]


def test_a_spool_that_was_looked_into_is_closed(tmp_path: Path) -> None:
    (tmp_path / "s" / "spool").mkdir(parents=True)
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    before = len(os.listdir("/proc/self/fd"))
    assert not has_spooled(fd, SessionFiles("s", folder="s"))
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(fd)


@pytest.mark.parametrize(("length", "lines"), [(10, [b"x" * 10, b"y"]), (11, [b"", b"y"])])
def test_a_line_of_the_longest_size_is_read_and_a_longer_one_is_empty(
    length: int, lines: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_reader, "LONGEST", 10)
    path = tmp_path / "x"
    path.write_bytes(b"x" * length)
    reader = EventReader(path)
    assert [*reader.read()] == []
    with path.open("ab") as file:
        file.write(b"\ny\n")
    assert [*reader.read()] == lines
    reader.close()


def test_a_log_of_events_that_is_no_file_is_told_with_its_cure(tmp_path: Path) -> None:
    with pytest.raises(BadData) as caught:
        EventReader(tmp_path)
    assert caught.value.remedy == "put the session's own file there"


@pytest.mark.parametrize(
    ("by", "is_orphaned"), [((None, None), False), ((None, BY_ORPHANS), True), ((BY_ORPHANS, None), True)]
)
def test_a_chain_is_orphaned_where_one_of_its_parts_is(by: tuple[str | None, ...], is_orphaned: bool) -> None:
    parts = [Session(session_id=str(at), started_at=START, drain_exit_by=one) for at, one in enumerate(by)]
    assert is_kept_orphaned(whole_of(parts, Status.COMPLETE)) is is_orphaned
