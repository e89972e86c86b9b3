"""The lines of an event log that is written, cut or replaced while it is read: each complete line once, and no part of one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batchdrain.model.errors import BadData
from batchdrain.sessions import event_reader
from batchdrain.sessions.event_reader import EventReader


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "s.events.jsonl"
    path.write_bytes(b"one\ntwo\nthr")
    return path


@pytest.fixture
def reader(log: Path) -> Iterator[EventReader]:
    found = EventReader(log)
    yield found
    found.close()


def append(log: Path, text: bytes) -> None:
    with log.open("ab") as file:
        file.write(text)


@pytest.mark.parametrize("piece", [1, 3, 4, 1 << 16])
def test_a_line_counts_once_it_is_complete_and_comes_once(
    log: Path, reader: EventReader, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(event_reader, "_PIECE", piece)
    assert (list(reader.read()), reader.has_part) == ([b"one", b"two"], True)
    assert list(reader.read()) == []
    append(log, b"ee")
    assert (list(reader.read()), reader.has_part) == ([], True)
    append(log, b"\n\nfour\n")
    assert (list(reader.read()), reader.has_part) == ([b"three", b"", b"four"], False)


@pytest.mark.parametrize("piece", [5, 1 << 16])
def test_a_line_that_is_too_long_is_an_empty_one_and_those_behind_it_are_whole(
    log: Path, reader: EventReader, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(event_reader, "_PIECE", piece)
    monkeypatch.setattr(event_reader, "LONGEST", 10)
    assert list(reader.read()) == [b"one", b"two"]
    append(log, b"e" * 30)
    assert (list(reader.read()), reader.has_part) == ([], True)
    append(log, b"e" * 30)
    assert list(reader.read()) == []
    append(log, b"\nshort\n")
    assert (list(reader.read()), reader.has_part) == ([b"", b"short"], False)


def test_a_log_that_was_cut_is_read_from_its_beginning(log: Path, reader: EventReader) -> None:
    assert list(reader.read()) == [b"one", b"two"]
    log.write_bytes(b"new\nth")
    assert (list(reader.read()), reader.has_part) == ([b"new"], True)
    append(log, b"en\n")
    assert list(reader.read()) == [b"then"]


def test_one_that_took_its_place_is_read_from_its_beginning_once_the_former_one_is_read(
    log: Path, reader: EventReader
) -> None:
    assert list(reader.read()) == [b"one", b"two"]
    append(log, b"ee\nlast\npart")
    other = log.with_name("other")
    other.write_bytes(b"first\nsecond\n")
    before = len(os.listdir("/proc/self/fd"))
    other.replace(log)
    assert (list(reader.read()), reader.has_part) == ([b"three", b"last", b"first", b"second"], False)
    assert len(os.listdir("/proc/self/fd")) == before, "the former one is closed"
    append(log, b"third\n")
    assert list(reader.read()) == [b"third"]


def test_one_that_is_gone_is_read_on_as_its_writer_holds_it_too(log: Path, reader: EventReader) -> None:
    with log.open("ab") as writer:
        log.unlink()
        writer.write(b"ee\n")
        writer.flush()
        assert list(reader.read()) == [b"one", b"two", b"three"]
        writer.write(b"four\n")
        writer.flush()
        assert list(reader.read()) == [b"four"]


def test_nothing_stays_open(log: Path, reader: EventReader) -> None:
    """But for its folder, which is held since the first reader."""
    before = len(os.listdir("/proc/self/fd"))
    another = EventReader(log)
    list(another.read())
    another.close()
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (os.mkfifo, BadData),
        (os.mkdir, BadData),
        (lambda path: path.symlink_to("s.events.jsonl"), OSError),
        (lambda path: None, FileNotFoundError),
    ],
    ids=["a pipe", "a folder", "a link", "nothing"],
)
def test_what_is_no_regular_file_is_no_log_and_is_not_waited_for(
    log: Path, reader: EventReader, make: Callable[[Path], None], error: type[Exception]
) -> None:
    place = log.with_name("x")
    make(place)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(error):
        EventReader(place)
    assert len(os.listdir("/proc/self/fd")) == before
