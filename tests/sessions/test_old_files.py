"""What lies in the folder of the sessions: whose it is by its name, how old it is by its own record, and in which order it goes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batchdrain.sessions.old_files import (
    SessionFiles,
    find_sessions,
    find_triages,
    has_spooled,
    last_seen,
    measure_all,
    remove_session,
)

NAME = "batch-drain-20200102-030405"
BY_NAME = datetime(2020, 1, 2, 3, 4, 5, tzinfo=UTC)
CHANGED = datetime(2021, 1, 1, tzinfo=UTC)
AT = '{"timestamp": "2022-02-02T12:00:00+01:00"}'
BY_EVENT = datetime(2022, 2, 2, 11, tzinfo=UTC)


@pytest.fixture
def fd(tmp_path: Path) -> Iterator[int]:
    found = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    yield found
    os.close(found)


def test_only_regular_files_and_folders_with_names_of_our_form_are_sessions(fd: int, tmp_path: Path) -> None:
    for name in (NAME, f"{NAME}-2", f"{NAME}-1234567", "others", "mine", "triage-20200102-030405"):
        (tmp_path / name).mkdir()
    for name in (
        f"{NAME}.json", f"{NAME}.events.jsonl", f"{NAME}.json.corrupt-7", f"{NAME}.json.corrupt-x", f"{NAME}.json.tmp", "mine.json",
        "report.md", "triage-20200102-030405.json", ".hidden.json", "kept.events.jsonl", "aside.json.corrupt-1", "batch-drain-20200102-030406",
    ):  # fmt: skip
        (tmp_path / name).touch()
    (tmp_path / "linked.json").symlink_to(tmp_path / "mine.json")
    (tmp_path / "batch-drain-20200102-030407").symlink_to(tmp_path / "others")

    assert find_sessions(fd) == {
        NAME: SessionFiles(NAME, f"{NAME}.json", f"{NAME}.events.jsonl", NAME, [f"{NAME}.json.corrupt-7"]),
        f"{NAME}-2": SessionFiles(f"{NAME}-2", folder=f"{NAME}-2"),
        "mine": SessionFiles("mine", json="mine.json", folder="mine"),
        "kept": SessionFiles("kept", events="kept.events.jsonl"),
        "aside": SessionFiles("aside", aside=["aside.json.corrupt-1"]),
        "triage-20200102-030405": SessionFiles("triage-20200102-030405", json="triage-20200102-030405.json"),
    }


def test_what_another_user_owns_is_no_session_and_no_triage(fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / f"{NAME}.json").touch()
    (tmp_path / "triage-20200102-030405").mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert (find_sessions(fd), list(find_triages(fd))) == ({}, [])


def test_a_triage_is_a_folder_whose_name_says_when_it_began(fd: int, tmp_path: Path) -> None:
    for name in ("triage-20200102-030405", "triage-20200102-030406-2", "triage-20201302-030405", "triage-20200102-030407x"):
        (tmp_path / name).mkdir()
    (tmp_path / "triage-20200102-030408").touch()
    (tmp_path / "triage-20200102-030409").symlink_to(tmp_path / "triage-20200102-030405")
    assert list(find_triages(fd)) == [
        ("triage-20200102-030405", BY_NAME),
        ("triage-20200102-030406-2", BY_NAME.replace(second=6)),
    ]


@pytest.mark.parametrize(
    ("session_id", "events", "seen"),
    [
        (NAME, f'{{"timestamp": "2019-01-01T00:00:00Z"}}\n{AT}\n', BY_EVENT),
        (NAME, f'{AT}\n{{"timestamp": "2022-02-03T', BY_EVENT),
        (NAME, f'{AT}\n{{"timestamp": "2022-02-03T00:00:00"}}\n{{"timestamp": 5}}\n[1]\n7\n\n', BY_EVENT),
        (NAME, f"{AT}\n{'x' * 60_000}\n", BY_EVENT),
        (NAME, f"{AT}\n{'x' * 70_000}\n", BY_NAME),
        (NAME, "", BY_NAME),
        ("batch-drain-20201302-030405", "", CHANGED),
        ("mine", AT, BY_EVENT),
        ("mine", "", CHANGED),
    ],
)  # fmt: skip
def test_a_session_was_last_seen_by_its_last_whole_event_else_by_its_name_else_by_its_last_change(
    fd: int, tmp_path: Path, session_id: str, events: str, seen: datetime
) -> None:
    files = SessionFiles(session_id, json=f"{session_id}.json", events=f"{session_id}.events.jsonl", folder=session_id)
    (tmp_path / files.events).write_text(events)
    (tmp_path / files.json).touch()
    (tmp_path / files.folder).mkdir()
    for name in (files.json, files.events, files.folder):
        moment = CHANGED.timestamp() - (0 if name == files.events else 1_000)
        os.utime(tmp_path / name, (moment, moment))
    assert last_seen(fd, files) == seen


def test_the_events_of_a_session_are_not_read_through_a_link(fd: int, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(AT)
    (tmp_path / f"{NAME}.events.jsonl").symlink_to(tmp_path / "elsewhere")
    assert last_seen(fd, SessionFiles(NAME, events=f"{NAME}.events.jsonl")) == BY_NAME


def make_spool(place: Path) -> None:
    (place / NAME / "spool").mkdir(parents=True)


def fill_spool(place: Path) -> None:
    make_spool(place)
    (place / NAME / "spool" / "one.json").touch()


def link_spool(place: Path) -> None:
    (place / NAME).mkdir()
    (place / "full").mkdir()
    (place / "full" / "one.json").touch()
    (place / NAME / "spool").symlink_to(place / "full")


@pytest.mark.parametrize(
    ("make", "is_full"),
    [(make_spool, False), (fill_spool, True), (link_spool, False), (lambda place: (place / NAME).mkdir(), False)],
    ids=["empty", "full", "a link", "none"],
)
def test_a_spool_with_a_result_is_seen(fd: int, tmp_path: Path, make: Callable[[Path], None], is_full: bool) -> None:
    make(tmp_path)
    assert has_spooled(fd, SessionFiles(NAME, folder=NAME)) is is_full
    assert not has_spooled(fd, SessionFiles(NAME))


def whole(fd: int, place: Path) -> SessionFiles:
    """A session with all that it may have, of sizes that tell one from the other."""
    fill_spool(place)
    (place / NAME / "lock").write_text("12345")
    for name, size in (
        (f"{NAME}.json", 10),
        (f"{NAME}.events.jsonl", 200),
        (f"{NAME}.json.corrupt-1", 3000),
        (f"{NAME}.json.corrupt-2", 1),
    ):
        (place / name).write_text("x" * size)
    return find_sessions(fd)[NAME]


def test_files_are_weighed_by_their_kind(fd: int, tmp_path: Path) -> None:
    sizes = {kind: (size.files, size.size) for kind, size in measure_all(fd, whole(fd, tmp_path)).items()}
    assert sizes == {
        "session files": (1, 10), "event logs": (1, 200), "session folders": (1, 5), "files kept aside": (2, 3001),
    }  # fmt: skip
    assert measure_all(fd, SessionFiles(NAME)) == {}


def test_a_session_goes_with_its_lock_after_all_else_and_its_json_after_all_but_the_lock(
    fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is killed on the way, the next look finds what is left, and nobody takes the session meanwhile."""
    files, gone, unlink = whole(fd, tmp_path), [], os.unlink

    def note(name: str, *, dir_fd: int | None = None) -> None:
        gone.append(name)
        unlink(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "unlink", note)
    remove_session(fd, files)
    assert gone[-2:] == [f"{NAME}.json", f"{NAME}/lock"]
    assert sorted(gone[:-2]) == [f"{NAME}.events.jsonl", f"{NAME}.json.corrupt-1", f"{NAME}.json.corrupt-2", "one.json"]
    assert os.listdir(fd) == []
    remove_session(fd, files)  # by somebody else, a moment later


@pytest.mark.parametrize("parts", [("logs",), ("logs", "spool"), ("logs", "spool", "lock")])
def test_who_wants_the_lock_in_the_last_moment_breaks_no_removal(
    fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: tuple[str, ...]
) -> None:
    """He makes what is missing of the folder anew. The folder is his once he has a lock in it, and gone where he went away."""
    session, makes = tmp_path / NAME, iter(parts)
    session.mkdir()
    (session / "lock").touch()
    rmdir = os.rmdir

    def late(name: str, *, dir_fd: int) -> None:
        if name == NAME and (part := next(makes, None)) is not None:
            (session / part).touch() if part == "lock" else (session / part).mkdir()
        rmdir(name, dir_fd=dir_fd)

    monkeypatch.setattr(os, "rmdir", late)
    remove_session(fd, SessionFiles(session_id=NAME, folder=NAME))
    assert [path.name for path in tmp_path.rglob("*")] == ([NAME, "lock"] if "lock" in parts else [])


def test_what_is_found_comes_in_the_order_of_its_names(fd: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (3, 1, 2):
        (tmp_path / f"{NAME}.json.corrupt-{number}").touch()
        (tmp_path / f"triage-20200102-03040{number}").mkdir()
    names = sorted(os.listdir(fd))
    for order in (names, names[::-1]):
        monkeypatch.setattr(os, "listdir", lambda _, order=order: list(order))
        assert find_sessions(fd)[NAME].aside == [f"{NAME}.json.corrupt-{number}" for number in (1, 2, 3)]
        assert [name for name, _ in find_triages(fd)] == [f"triage-20200102-03040{number}" for number in (1, 2, 3)]


def test_events_that_were_looked_at_are_closed(fd: int, tmp_path: Path) -> None:
    (tmp_path / f"{NAME}.events.jsonl").write_text(AT)
    assert last_seen(fd, SessionFiles(NAME, events=f"{NAME}.events.jsonl")) == BY_EVENT
    opened = [os.path.realpath(path) for path in Path("/proc/self/fd").iterdir()]
    assert not any(path.endswith(".events.jsonl") for path in opened)
