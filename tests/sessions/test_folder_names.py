"""Names and paths of the folder of sessions, what is told of a session that is not there, and what is put aside."""

from __future__ import annotations

import errno
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batchdrain.model.errors import BadData, FilesUnavailable, SessionInUse, UsageError
from batchdrain.planning.forecast import Forecast
from batchdrain.sessions import lock
from batchdrain.sessions.folder import LostSession, SessionFolder
from batchdrain.sessions.guarded_folder import open_guarded
from batchdrain.sessions.kept_forecast import KeptForecast
from batchdrain.sessions.parse import CorruptSession
from tests.sessions.files import HEAD, START


def test_a_path_in_the_project_is_stored_from_there_and_any_other_whole(
    folder: SessionFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    project = SessionFolder(folder.folder, tmp_path / "project")
    assert project.shorten(tmp_path / "project" / "a" / "b") == "a/b"
    assert project.shorten(Path("project/a")) == "a"
    assert project.shorten(tmp_path / "projects") == str(tmp_path / "projects")
    assert folder.shorten(Path("a")) == str(tmp_path / "a")


def test_each_file_of_a_session_has_its_place(folder: SessionFolder) -> None:
    root = folder.folder
    assert (folder.path("s"), folder.events_path("s")) == (root / "s.json", root / "s.events.jsonl")
    assert (folder.logs("s"), folder.spool("s")) == (root / "s" / "logs", root / "s" / "spool")


def test_a_folder_that_is_made_is_ours_alone_and_its_name_is_taken_once(folder: SessionFolder) -> None:
    mask = os.umask(0)
    try:
        folder.make("triage")
    finally:
        os.umask(mask)
    assert stat.S_IMODE((folder.folder / "triage").stat().st_mode) == 0o700
    with pytest.raises(FileExistsError):
        folder.make("triage")


def test_a_file_of_another_session_is_not_taken_for_the_one_that_was_asked_for(folder: SessionFolder) -> None:
    folder.path("a").write_text(json.dumps({**HEAD, "session_id": "b"}))
    with pytest.raises(CorruptSession, match=r"a\.json: is of another session, 'b'"):
        folder.load("a")
    folder.path("b").write_text(json.dumps({**HEAD, "session_id": "b"}))
    assert folder.load("b").session_id == "b"


def test_a_session_whose_file_is_gone_is_lost_and_one_that_never_was_is_a_wrong_name(folder: SessionFolder) -> None:
    name = folder.new_id(START)
    with pytest.raises(LostSession, match=f"inv resume --session-id={name}"):
        folder.load(name)
    with pytest.raises(UsageError, match=rf"there is no session other in .*newest: {name}\)"):
        folder.load("other")


def test_a_file_that_cannot_be_opened_or_that_others_may_write_is_told_with_its_path(folder: SessionFolder) -> None:
    folder.path("ours").write_text(json.dumps({**HEAD, "session_id": "ours"}))
    folder.path("ours").chmod(0o666)
    with pytest.raises(BadData, match=r"ours\.json: others may write it"):
        folder.load("ours")
    folder.path("link").symlink_to("ours.json")
    with pytest.raises(BadData, match=r"link\.json: "):
        folder.load("link")


def test_a_corrupt_file_is_put_aside_under_the_next_free_number_and_is_never_overwritten(folder: SessionFolder) -> None:
    names = list[str]()
    for text in ("one", "two"):
        folder.path("s").write_text(text)
        names.append(folder.put_aside("s").name)
    assert names == ["s.json.corrupt-1", "s.json.corrupt-2"]
    assert [(folder.folder / name).read_text() for name in names] == ["one", "two"]
    assert not folder.path("s").exists()


def test_a_session_is_held_while_somebody_has_its_lock_and_a_look_does_not_take_it(folder: SessionFolder) -> None:
    name = folder.new_id(START)
    assert not folder.is_held(name), "nothing has its lock yet"
    fd = folder.lock(name)
    before = len(os.listdir("/proc/self/fd"))
    assert folder.is_held(name)
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(fd)
    assert not folder.is_held(name)


def test_the_lock_of_a_session_names_its_process_and_nothing_that_stood_there_before(folder: SessionFolder) -> None:
    name = folder.new_id(START)
    place = folder.folder / name / "lock"
    place.write_text("123456789012345\n")
    fd = folder.lock(name)
    assert place.read_text() == f"{os.getpid()}\n"
    os.close(fd)


@pytest.mark.parametrize(
    ("text", "holder"), [("", "unknown"), ("\n", "unknown"), ("9" * 30, "9" * 20)], ids=["none", "blank", "long"]
)
def test_a_holder_that_has_not_said_its_number_yet_is_unknown(folder: SessionFolder, text: str, holder: str) -> None:
    name = folder.new_id(START)
    fd = folder.lock(name)
    (folder.folder / name / "lock").write_text(text)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(SessionInUse, match=f"process {holder} is draining it"):
        folder.lock(name)
    assert len(os.listdir("/proc/self/fd")) == before
    os.close(fd)


def test_a_session_that_is_pruned_while_its_lock_is_taken_is_not_drained(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = folder.new_id(START)
    place = folder.folder / name / "lock"
    take = lock.take

    def prune(fd: int) -> None:
        take(fd)
        place.unlink()

    monkeypatch.setattr(lock, "take", prune)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(SessionInUse, match="was pruned in this moment"):
        folder.lock(name)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_full_disk_while_the_lock_is_written_leaves_the_session_free(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    name = folder.new_id(START)
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", fail)
        with pytest.raises(FilesUnavailable, match="lock: No space left on device; free disk space; nothing was claimed"):
            folder.lock(name)
    os.close(folder.lock(name))


def test_what_stands_in_the_place_of_a_lock_is_named(folder: SessionFolder) -> None:
    name = folder.new_id(START)
    (folder.folder / name / "spool").write_text("")
    with pytest.raises(FilesUnavailable, match=f"{name}/spool: is not a folder of batchdrain; remove what is there"):
        folder.lock(name)


def test_a_file_that_was_replaced_is_not_the_one_that_is_open(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT)
    assert lock.is_in_place(fd, path)
    (tmp_path / "other").touch()
    (tmp_path / "other").rename(path)
    assert not lock.is_in_place(fd, path)
    path.unlink()
    assert not lock.is_in_place(fd, path)
    os.close(fd)


def test_a_folder_of_no_session_is_held_as_one_that_is_in_use(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        fd = lock.make_locked_folder(tmp_path / "triage")
    finally:
        os.umask(mask)
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (tmp_path / "triage", tmp_path / "triage" / "lock")]
    assert modes == [0o700, 0o600]
    other = os.open(tmp_path / "triage" / "lock", os.O_RDONLY)
    assert lock.is_taken(other)
    os.close(fd)
    assert not lock.is_taken(other)
    os.close(other)


def test_a_folder_is_made_only_where_its_mode_is_given_and_a_file_in_its_place_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_guarded(tmp_path / "sessions")
    assert not (tmp_path / "sessions").exists()
    os.close(open_guarded(tmp_path / "sessions", mode=0o700))
    assert stat.S_IMODE((tmp_path / "sessions").stat().st_mode) == 0o700
    (tmp_path / "file").touch()
    with pytest.raises(FilesUnavailable, match=rf"session_dir: {tmp_path}/file: Not a directory; make it writable"):
        open_guarded(tmp_path / "file", mode=0o700)


def test_a_torn_session_is_ordered_by_its_name_and_else_by_its_file(folder: SessionFolder) -> None:
    for name in ("batch-drain-20260101-000000-2", "batch-drain-20260101-000000", "torn"):
        folder.path(name).write_text("torn")
    seconds = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
    os.utime(folder.path("torn"), (seconds + 1, seconds + 1))
    assert list(folder.newest_first()) == ["torn", "batch-drain-20260101-000000-2", "batch-drain-20260101-000000"]


def test_a_forecast_comes_back_from_a_session_as_it_was_kept() -> None:
    forecast = Forecast(planned=9, fixed=4, fixed_low=2, fixed_high=6, minutes=3.5, minutes_low=2.5, minutes_high=4.5)
    assert KeptForecast.model_validate_json(KeptForecast.of(forecast).model_dump_json()).forecast == forecast


def test_a_folder_that_others_may_write_is_refused_with_the_cure_and_nothing_stays_open(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o777)
    counts = list[int]()
    for _ in range(3):
        with pytest.raises(FilesUnavailable, match=r"session_dir: .*shared can be written by other users; .*chmod"):
            open_guarded(tmp_path / "shared")
        counts.append(len(os.listdir("/proc/self/fd")))
    assert counts[1] == counts[2]


def test_what_cannot_be_read_says_what_to_do(folder: SessionFolder) -> None:
    folder.path("a").write_text(json.dumps({**HEAD, "session_id": "b" * 101}))
    with pytest.raises(CorruptSession, match=rf"another session, '{'b' * 100}'; name the file as the session is named"):
        folder.load("a")
    folder.path("link").symlink_to("a.json")
    with pytest.raises(BadData, match="; it must be a regular file of batchdrain"):
        folder.load("link")
