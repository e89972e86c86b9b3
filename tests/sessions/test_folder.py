"""The folder of sessions: who may write there, what is read of it, and under which names."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import stat
from pathlib import Path

import pytest

from batchdrain.model.errors import BadData, FilesUnavailable, SessionInUse, UsageError
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.parse import CorruptSession, parse
from tests.sessions.files import HEAD, START
from tests.support.strangers import let_a_group_write


def test_temporary_files_of_dead_writers_are_swept(folder: SessionFolder) -> None:
    dead, ours = folder.folder / ".a.json.999999999.tmp", folder.folder / f".b.json.{os.getpid()}.tmp"
    dead.touch()
    with ours.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)  # as a writer does, in whatever process, host or container
        folder.prepare()
        assert (dead.exists(), ours.exists()) == (False, True)


def test_a_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    let_a_group_write(tmp_path, 0o770, gid=0)  # root's own
    SessionFolder(tmp_path).prepare()
    let_a_group_write(tmp_path, 0o770)
    with pytest.raises(FilesUnavailable, match="can be written by other users"):
        SessionFolder(tmp_path).prepare()


def test_names_of_one_second_differ_and_are_counted(folder: SessionFolder) -> None:
    stem = "batch-drain-20251228-120000"
    assert [folder.new_id(START) for _ in range(3)] == [stem, f"{stem}-2", f"{stem}-3"]
    folder.path("batch-drain-20251228-120001").write_text("{}")
    assert folder.new_id(START.replace(second=1)) == "batch-drain-20251228-120001-2"


def test_a_folder_in_which_nothing_can_be_made_is_told_with_the_name_that_was_wanted(
    folder: SessionFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.mkdir", refuse)
    with pytest.raises(FilesUnavailable, match=r"sessions/batch-drain-20251228-120000: No space left on device"):
        folder.new_id(START)


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


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes devices and gives files away")
def test_devices_and_files_of_others_are_not_read(folder: SessionFolder) -> None:
    folder.path("theirs").write_text("{}")
    os.chown(folder.path("theirs"), 65_534, 65_534)
    names = ["theirs"]
    with contextlib.suppress(PermissionError):  # as in most containers
        os.mknod(folder.path("zeros"), stat.S_IFCHR | 0o600, os.makedev(1, 5))
        names.append("zeros")
    for name in names:
        with pytest.raises(BadData):
            folder.load(name)


def test_a_file_that_is_too_large_is_not_read(folder: SessionFolder) -> None:
    with folder.path("huge").open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    with pytest.raises(BadData, match="too many"):
        folder.load("huge")


def test_a_link_that_others_may_turn_elsewhere_is_no_folder_for_sessions(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "ours").mkdir(mode=0o700)
    link = tmp_path / "open" / "sessions"
    link.symlink_to(tmp_path / "ours")
    SessionFolder(link).prepare()
    link.parent.chmod(0o777)
    with pytest.raises(FilesUnavailable, match="other users may redirect it"):
        SessionFolder(link).prepare()
    link.parent.chmod(0o1777)
    SessionFolder(link).prepare()


def test_a_name_is_a_session_s_from_the_moment_it_is_given_and_what_is_in_it_is_ours_alone(folder: SessionFolder) -> None:
    """Whoever is killed before the lock leaves one that is lost, and not a name that nobody knows."""
    mask = os.umask(0)
    try:
        name = folder.new_id(START)
        assert folder.ids() == [name]
        before = len(os.listdir("/proc/self/fd"))
        os.close(folder.lock(name))
        assert len(os.listdir("/proc/self/fd")) == before
    finally:
        os.umask(mask)
    own = folder.folder / name
    modes = {place.name: stat.S_IMODE(place.stat().st_mode) for place in (own, *own.iterdir())}
    assert modes == {name: 0o700, "logs": 0o700, "spool": 0o700, "lock": 0o600}


def test_what_is_named_as_no_session_is_none(folder: SessionFolder, tmp_path: Path) -> None:
    for name in ("ok.json", "a b.json", "-x.json", "a..b.json", ".hidden.json", "x.events.jsonl", "y.json.corrupt-1"):
        (folder.folder / name).write_text("{}")
    for name in ("lost/logs", "empty", "a b/logs"):
        (folder.folder / name).mkdir(parents=True)
    assert folder.ids() == ["lost", "ok"]
    assert folder.newest() == "ok, lost"
    nowhere = SessionFolder(tmp_path / "absent")
    assert (nowhere.ids(), list(nowhere.newest_first()), nowhere.newest()) == ([], [], "none")


def test_sessions_come_by_when_they_began_and_those_that_can_not_be_read_by_their_names_or_files(
    folder: SessionFolder,
) -> None:
    def put(name: str, started_at: str, *, is_over: bool = False) -> None:
        status = {"status": "complete", "completed_at": started_at} if is_over else {"status": "interrupted"}
        folder.path(name).write_text(json.dumps({**HEAD, "session_id": name, "started_at": started_at, **status}))

    put("a", "2026-03-01T00:00:00Z", is_over=True)
    put("z", "2025-01-01T00:00:00Z")
    put("batch-drain-20200101-000000", "2026-02-01T00:00:00Z")
    folder.path("batch-drain-20260215-000000").write_text("torn")
    folder.path("other").write_text("torn")
    os.utime(folder.path("other"), (1_735_862_400, 1_735_862_400))  # on the third of January 2025
    order = ["a", "batch-drain-20260215-000000", "batch-drain-20200101-000000", "other", "z"]
    assert list(folder.newest_first()) == order
    assert list(folder.newest_first(incomplete=True)) == order[1:]
    read = {name: isinstance(found, BadData) for name, found in folder.all()}
    assert [name for name in order if read[name]] == ["batch-drain-20260215-000000", "other"]
