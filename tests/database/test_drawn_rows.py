"""What was drawn before a row broke the reading: known again, wherever it is kept, and in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from batchdrain.database.phases import drawn_rows
from batchdrain.database.phases.drawn_rows import DrawnRows
from batchdrain.database.phases.singly import Unreadable
from batchdrain.model.errors import FilesUnavailable
from batchdrain.model.states import PhaseState
from tests.database.test_halves import BAD, MANY, TYPES, filled, opened

FULL_DISK = """
import resource, sys
from batchdrain.database.phases.drawn_rows import DrawnRows
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
ids = [(str(number % 7), str(number)) for number in range(180_000)]
drawn = DrawnRows()
for start in range(0, len(ids), 500):
    drawn.add(ids[start : start + 500])
assert set(drawn.hashes()) == set(map(hash, ids))
print(sum(map(len, drawn._at_hand)))
"""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[DrawnRows]:
    monkeypatch.setattr(drawn_rows, "_AT_HAND", 10)
    with closing(DrawnRows()) as drawn:
        yield drawn


def ids_of(rows: range) -> list[tuple[str, str]]:
    return [("run", str(number)) for number in rows]


def test_of_a_large_backlog_little_is_in_memory_and_all_is_known_again(drawn: DrawnRows) -> None:
    for start in range(0, 103, 4):
        drawn.add(ids_of(range(start, min(103, start + 4))))
        assert sum(map(len, drawn._at_hand)) < 10
    assert sorted(drawn.hashes()) == sorted(map(hash, ids_of(range(103))))


def test_a_small_backlog_has_no_file_and_that_of_a_large_one_is_gone_with_it(drawn: DrawnRows) -> None:
    before = os.listdir("/proc/self/fd")
    drawn.add(ids_of(range(9)))
    assert os.listdir("/proc/self/fd") == before
    drawn.add(ids_of(range(9, 11)))
    assert len(os.listdir("/proc/self/fd")) == len(before) + 1
    drawn.close()
    assert os.listdir("/proc/self/fd") == before


@pytest.mark.parametrize(("room", "at_hand"), [(0, 180_000), (600_000, 130_000), (1 << 30, 30_000)])
def test_what_a_disk_does_not_take_stays_in_memory(room: int, at_hand: int) -> None:
    """The limit ends a write in its middle, as a full disk does."""
    argv = [sys.executable, "-c", FULL_DISK, str(room)]
    told = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert told.stdout == f"{at_hand}\n"


def test_a_file_that_was_cut_is_no_empty_one(drawn: DrawnRows) -> None:
    drawn.add(ids_of(range(20)))
    assert drawn._file is not None
    os.ftruncate(drawn._file.fileno(), 8)
    with pytest.raises(FilesUnavailable, match="Input/output error"):
        list(drawn.hashes())


@pytest.mark.parametrize("kept", ["in a file", "in memory"])
def test_beside_a_bad_row_each_row_is_read_once_wherever_it_is_kept_what_was_drawn(
    database_url: str, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    monkeypatch.setattr(drawn_rows, "_AT_HAND", 300)
    if kept == "in memory":
        monkeypatch.setattr(tempfile, "tempdir", "/there is no such folder")
    with (
        opened(database_url, filled(database_url, TYPES["text"], runs=7)) as (database, table),
        database.read() as connection,
    ):
        rows = [row for page in table.read_pages(connection, PhaseState.FAILED) for row in page.rows]
    [bad] = [row for row in rows if isinstance(row[3], Unreadable)]
    assert (len(rows), len({row[:2] for row in rows}), int(bad[1])) == (MANY, MANY, BAD)
