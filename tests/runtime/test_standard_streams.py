"""Code that is not ours may close 0, 1 and 2: no file of ours gets their number."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from batchdrain.runtime import standard_streams
from batchdrain.runtime.standard_streams import is_lost, keep_standard_streams

CLOSING = """
import os, sys
from batchdrain.runtime.standard_streams import is_lost, keep_standard_streams

number = int(sys.argv[1])
with keep_standard_streams():
    os.close(number)
told = open("told", "w")
null = os.stat(os.devnull)
child = os.spawnv(os.P_WAIT, "/bin/sh", ["sh", "-c", f"true {number}>&{number}"])
print(
    told.fileno() > 2,
    os.path.samestat(os.fstat(number), null),
    [is_lost(stream) for stream in (sys.stdin, sys.stdout, sys.stderr)].index(True) == number,
    child,
    file=told,
)
"""


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_stream_that_foreign_code_closes_leads_nowhere_and_no_file_of_ours_gets_its_number(
    number: int, tmp_path: Path
) -> None:
    """A command inherits it as it would have inherited the former one."""
    subprocess.run([sys.executable, "-c", CLOSING, str(number)], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "told").read_text().split() == ["True", "True", "True", "0"]


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    found: set[int] = set()
    monkeypatch.setattr(standard_streams, "_lost", found)
    return found


def test_what_is_closed_or_replaced_counts_as_lost_and_what_is_closed_is_filled(
    monkeypatch: pytest.MonkeyPatch, lost: set[int]
) -> None:
    now: dict[int, tuple[int, int] | None] = {0: (1, 10), 1: (1, 11), 2: (1, 12)}
    filled = list[int]()
    monkeypatch.setattr(standard_streams, "_file_of", lambda number: now[number])
    monkeypatch.setattr(standard_streams, "_fill", lambda: filled.append(1))
    with keep_standard_streams():
        pass
    assert (lost, filled) == (set(), [])
    with pytest.raises(RuntimeError, match="foreign"), keep_standard_streams():  # noqa: PT012 - it fails after that
        now.update({1: None, 2: (1, 99)})
        raise RuntimeError("foreign")
    assert (lost, filled) == ({1, 2}, [1])


@pytest.mark.parametrize(("opened", "inherited", "closed"), [(0, True, False), (2, True, False), (3, False, True)])
def test_a_free_number_leads_to_the_null_device_unless_another_thread_took_it(
    monkeypatch: pytest.MonkeyPatch, opened: int, inherited: bool, closed: bool
) -> None:
    done = list[tuple[object, ...]]()

    def null(*given: object) -> int:
        done.append(given)
        return opened

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", null)
        patched.setattr(os, "set_inheritable", lambda *given: done.append(given))
        patched.setattr(os, "close", lambda *given: done.append(given))
        standard_streams._fill()
    assert done == [(os.devnull, os.O_RDWR), *([(opened, True)] if inherited else []), *([(opened,)] if closed else [])]


class Stream(io.StringIO):
    def __init__(self, number: int | Exception) -> None:
        super().__init__()
        self.number = number

    def fileno(self) -> int:
        if isinstance(self.number, Exception):
            raise self.number
        return self.number


def test_a_stream_is_lost_with_its_descriptor(lost: set[int]) -> None:
    streams = [Stream(1), Stream(2), Stream(ValueError("closed")), Stream(OSError("none"))]
    assert [is_lost(stream) for stream in streams] == [False] * 4
    lost.add(1)
    assert [is_lost(stream) for stream in streams] == [True, False, False, False]


def test_a_file_is_known_by_its_device_and_its_inode(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "x", os.O_CREAT)
    found = (tmp_path / "x").stat()
    assert standard_streams._file_of(fd) == (found.st_dev, found.st_ino)
    os.close(fd)
    assert standard_streams._file_of(fd) is None
