"""Nothing of a session is made, opened or renamed in a folder that others could replace, and nothing of it is in their way."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import folders
from batchdrain.sessions import lock
from batchdrain.sessions.events import EventLog
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.guarded_folder import open_guarded
from tests.sessions.files import START
from tests.support.swapped import swap_at_first_opening


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "open" / "sessions"
    path.mkdir(parents=True, mode=0o700)
    (path / "torn.json").write_text("{")
    return path


ACTS: dict[str, Callable[[Path], object]] = {
    "prepare the folder": lambda place: SessionFolder(place).prepare(),
    "open the folder": open_guarded,
    "make a folder of a triage": lambda place: SessionFolder(place).make("triage"),
    "give an id": lambda place: SessionFolder(place).new_id(START),
    "put a torn file aside": lambda place: SessionFolder(place).put_aside("torn"),
    "lock a session": lambda place: SessionFolder(place).lock("s"),
    "lock a folder of no session": lambda place: lock.make_locked_folder(place / "notify"),
    "log events": lambda place: EventLog(place / "s.events.jsonl", "s", None),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_is_done_in_a_folder_is_refused_where_others_could_replace_it(act: str, place: Path) -> None:
    place.parent.chmod(0o777)
    with pytest.raises((FilesUnavailable, folders.MovableError), match="may be replaced by others"):
        ACTS[act](place)
    assert os.listdir(place) == ["torn.json"]


@pytest.mark.parametrize("act", ACTS)
def test_what_is_done_in_a_folder_of_ours_is_done(act: str, place: Path) -> None:
    found = ACTS[act](place)
    if isinstance(found, EventLog):
        found.close()
    elif isinstance(found, int):
        os.close(found)


def test_a_folder_that_was_put_in_the_place_of_a_made_one_gets_no_lock(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = swap_at_first_opening(monkeypatch, place / "notify")
    with pytest.raises(folders.MovableError):
        lock.make_locked_folder(place / "notify")
    assert (os.listdir(place / "notify"), opened) == ([], [str(place / "notify")])


def test_what_stands_in_the_place_of_a_session_s_folder_is_named_by_its_path(place: Path) -> None:
    (place / "s").symlink_to(place.parent)
    with pytest.raises(NotADirectoryError) as caught:
        lock.open_in(place, "s")
    assert (caught.value.filename, caught.value.strerror) == (str(place / "s"), "is not a folder of batchdrain")


def test_a_folder_of_sessions_that_others_may_write_is_closed_again_and_its_cure_is_told(place: Path) -> None:
    place.chmod(0o777)
    counts = list[int]()
    for _ in range(3):
        with pytest.raises(FilesUnavailable) as caught:
            open_guarded(place)
        counts.append(len(os.listdir("/proc/self/fd")))
    assert counts[1] == counts[2]
    assert caught.value.message == f"batchdrain.session_dir: {place} can be written by other users"
    assert caught.value.remedy == folders.cure_of_shared(place.stat(), place)
    (place / "file").touch()
    place.chmod(0o700)
    with pytest.raises(FilesUnavailable, match="Not a directory") as wrong:
        open_guarded(place / "file")
    assert wrong.value.remedy == "make it writable or name another folder"
    with pytest.raises(FileNotFoundError):
        open_guarded(place / "none")
