"""Nothing of an order is made, opened or written in a folder that others could replace."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchdrain.drain.notify import runner
from batchdrain.execution import left_files, order_files, tickets
from batchdrain.execution.process_identity import ProcessIdentity
from batchdrain.runtime import folders
from tests.execution.orders import Make
from tests.support.swapped import swap_at_first_opening

US = ProcessIdentity("h", 1, 1)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    path = tmp_path / "open" / "ours"
    path.mkdir(parents=True, mode=0o700)
    return path


ACTS: dict[str, Callable[[Path], object]] = {
    "make the logs of an order": lambda place: order_files.create_files(str(place / "out"), str(place / "err")),
    "make the folder of a run": lambda place: order_files.create_files(str(place / "run" / "out")),
    "keep a file of a worker": lambda place: left_files.put(str(place / "x"), b"x"),
    "keep it in a new folder": lambda place: left_files.put(str(place / "new" / "x"), b"x"),
    "make a folder for tickets": lambda place: tickets.make_folder(str(place / "tickets")),
    "draw a ticket": lambda place: tickets.draw(str(place), "a.b.1", None),
    "lay a ticket": lambda place: tickets.lay(str(place), "a.b.1"),
    "write a summary for a notification": lambda place: runner._write_new(str(place / "x"), b"x"),
}


@pytest.mark.parametrize("act", ACTS)
def test_what_an_order_needs_is_made_in_no_folder_that_others_could_replace(act: str, place: Path) -> None:
    place.parent.chmod(0o777)
    with pytest.raises(folders.MovableError):
        ACTS[act](place)
    assert os.listdir(place) == []


def test_a_ticket_is_noted_in_no_folder_that_others_could_replace(place: Path) -> None:
    (place / "a.b.1").touch()
    place.parent.chmod(0o777)
    tickets.note(str(place), "a.b.1", US)
    assert (place / "a.b.1").read_bytes() == b""


@pytest.mark.parametrize("what", ["spool_dir", "stdin_path"])
def test_an_order_whose_spool_or_input_others_could_replace_gets_no_file_and_leaves_none_open(
    what: str, place: Path, tmp_path: Path, order: Make
) -> None:
    (place / "spool").mkdir(mode=0o700)
    (place / "stdin").touch()
    (tmp_path / "logs").mkdir(mode=0o700)
    paths: dict[str, Any] = {"spool_dir": str(place / "spool"), "stdin_path": str(place / "stdin")}
    place.parent.chmod(0o777)
    counts = list[int]()
    for number in range(3):
        logs = {f"{name}_path": str(tmp_path / "logs" / f"{name}.{number}") for name in ("stdout", "stderr")}
        changed: dict[str, Any] = {**logs, what: paths[what]}
        with pytest.raises(folders.MovableError):
            order_files.open_files(replace(order("pass"), **changed))
        counts.append(len(os.listdir("/proc/self/fd")))
    assert counts[1] == counts[2]


def test_a_folder_that_was_put_in_the_place_of_a_made_one_gets_no_file(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = swap_at_first_opening(monkeypatch, place / "new")
    with pytest.raises(folders.MovableError):
        left_files.put(str(place / "new" / "x"), b"x")
    assert (os.listdir(place / "new"), opened) == ([], [str(place / "new")])


def test_the_folder_of_a_run_that_another_order_makes_in_this_moment_is_used(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mkdir = os.mkdir

    def late(name: str, mode: int, *, dir_fd: int) -> None:
        mkdir(name, mode, dir_fd=dir_fd)
        raise FileExistsError

    monkeypatch.setattr(os, "mkdir", late)
    [fd] = order_files.create_files(str(place / "run" / "out"))
    os.close(fd)
    assert (place / "run").stat().st_mode & 0o777 == 0o700


def test_a_run_gets_no_folder_in_one_that_others_may_write_to(place: Path) -> None:
    place.chmod(0o777)
    with pytest.raises(folders.MovableError):
        order_files.create_files(str(place / "run" / "out"))


def test_a_run_gets_no_folder_in_one_that_others_could_replace_by_now(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_folder = folders.open_folder

    def late(path: str | Path, *, guarded: bool = False, mode: int | None = None) -> int:
        try:
            return open_folder(path, guarded=guarded, mode=mode)
        except FileNotFoundError:
            place.parent.chmod(0o777)
            raise

    monkeypatch.setattr(folders, "open_folder", late)
    with pytest.raises(folders.MovableError):
        order_files.create_files(str(place / "run" / "out"))
    assert os.listdir(place) == []
