"""What a command left in its files is read up to a bound, whatever it made of them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from batchdrain.execution import left_files
from batchdrain.execution.guardian_pool import GuardianPool
from batchdrain.execution.left_files import HASHED_BYTES, LeftFiles, hash_log, read_head, read_left, read_small, read_tail
from batchdrain.execution.order import RESULT_BYTES, TAIL_BYTES, EndedBy, ExecutionFiles
from tests.chaos.faults import fault
from tests.execution.orders import Make

LOST = ["os.remove(name)", "os.remove(name); os.mkfifo(name)", "os.remove(name); os.mkdir(name)",
        "os.remove(name); os.symlink('/dev/zero', name)", "os.remove(name); socket.socket(socket.AF_UNIX).bind(name)"]  # fmt: skip


def test_the_digest_of_a_log_is_of_all_of_it_and_of_a_huge_one_of_its_first_and_last_32_mib(tmp_path: Path) -> None:
    small, huge, half = tmp_path / "small", tmp_path / "huge", HASHED_BYTES // 2
    small.write_bytes(b"words\n")
    with huge.open("wb") as file:
        file.write(b"begins")
        file.truncate(1 << 42)
        file.seek((1 << 42) - 4)
        file.write(b"ends")

    assert hash_log(str(small)) == hashlib.sha256(b"words\n").hexdigest()
    expected = hashlib.sha256(b"begins" + bytes(half - 6) + bytes(half - 4) + b"ends").hexdigest()
    assert hash_log(str(huge)) == expected


@pytest.mark.parametrize(("content", "size", "words"), [
    (b"before\nwhy\n", 1 << 42, b"before\nwhy\n"),
    (b"x\n" * TAIL_BYTES + b"why\n", 1 << 42, b"x\nwhy\n"),
    (b"", 1 << 42, b""),
    (b"why\n", 4, b"why\n"),
])  # fmt: skip
def test_the_last_words_of_a_log_are_those_before_the_hole_at_its_end(
    tmp_path: Path, content: bytes, size: int, words: bytes
) -> None:
    log = tmp_path / "log"
    log.write_bytes(content)
    os.truncate(log, size)
    assert read_tail(str(log))[-len(words) or TAIL_BYTES :] == words


def test_a_log_of_more_parts_than_anybody_looks_at_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(left_files, "_MOST_PARTS", 1)
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.write(b"first\n")
        file.seek(1 << 20)
        file.write(b"last words")
    assert read_tail(str(log)) == b"words"


def test_a_log_that_grows_while_it_is_read_is_read_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, real = tmp_path / "log", os.pread
    log.write_bytes(b"words\n")

    def grows(*args: Any) -> bytes:
        with log.open("ab") as file:
            file.write(b"more\n" * 1_000_000)
        return real(*args)

    monkeypatch.setattr(os, "pread", grows)
    monkeypatch.setattr(left_files, "_BLOCK", 4)

    assert hash_log(str(log)) == hashlib.sha256(b"words\n").hexdigest()


def test_a_result_file_that_is_huge_is_read_up_to_its_cap(tmp_path: Path) -> None:
    result = tmp_path / "result"
    result.touch()
    os.truncate(result, 1 << 42)
    assert len(read_head(str(result))) == RESULT_BYTES + 1


def test_a_device_is_not_even_opened(tmp_path: Path) -> None:
    """Some act on it: a tape winds back, a watchdog begins to count."""
    try:
        os.mknod(tmp_path / "null", 0o20666, os.makedev(1, 3))
    except OSError:
        pytest.skip("only root can make a device")
    opened: list[Any] = []
    really = os.open

    def note(path: Any, *args: Any, **options: Any) -> int:
        opened.append(path)
        return really(path, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", note)
        found = hash_log(str(tmp_path / "null")), read_tail(str(tmp_path / "null")), read_head(str(tmp_path / "null"))
    assert found == (None, b"", b"\0")
    assert opened, "its folders are opened"
    assert [path for path in opened if str(path).endswith("null")] == []


@fault(78)
@pytest.mark.parametrize("loses", LOST)
@pytest.mark.parametrize("name", ["out", "err", "result.json"])
def test_a_command_that_makes_something_else_of_its_files_ends_as_it_ends(
    order: Make, pool: GuardianPool, loses: str, name: str
) -> None:
    program = f"import os, socket; name = {name!r}; open(name, 'a').close(); {loses}"
    ending = pool.execute(order(program))
    pool.close()
    assert (ending.by, ending.exit_code) == (EndedBy.EXIT, 0)


@pytest.mark.parametrize(("most", "is_read"), [(5, True), (4, False)])
def test_a_small_file_is_read_whole_or_not_at_all(tmp_path: Path, most: int, is_read: bool) -> None:
    (tmp_path / "x").write_bytes(b"words")
    if is_read:
        assert read_small(tmp_path / "x", most) == b"words"
        return
    with pytest.raises(OSError, match="is not a small file of batchdrain"):
        read_small(tmp_path / "x", most)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_small_file_of_another_user_s_is_not_believed(tmp_path: Path) -> None:
    """A ticket, or a record of a command's end, that somebody else wrote."""
    (tmp_path / "x").write_bytes(b"words")
    os.chown(tmp_path / "x", 65_534, 65_534)
    with pytest.raises(OSError, match="is not a small file of batchdrain"):
        read_small(tmp_path / "x", 100)


@pytest.mark.parametrize(
    ("there", "opened"),
    [
        ({}, set()),
        ({"out": b"", "err": b""}, set()),
        ({"out": b"", "err": b"words\n"}, {"err"}),
        ({"out": b"words\n", "err": b"", "result": b"{}"}, {"out", "result"}),
    ],
    ids=["nothing", "empty logs", "one log", "a log and a result"],
)
def test_what_was_left_is_read_as_file_by_file_but_opened_once_and_only_if_there_is_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: dict[str, bytes], opened: set[str]
) -> None:
    files = ExecutionFiles(**{n: str(tmp_path / p) for n, p in (("stdout", "out"), ("stderr", "err"), ("result", "result"))})
    for name, content in there.items():
        (tmp_path / name).write_bytes(content)
    one_by_one = LeftFiles(
        result=read_head(files.result),
        stdout_tail=read_tail(files.stdout),
        stderr_tail=read_tail(files.stderr),
        log_sha256=hash_log(files.stderr),
    )
    seen, real = list[Any](), os.open

    def watched(name: Any, *rest: Any, **more: Any) -> int:
        seen.append(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(os, "open", watched)
    assert read_left(files) == one_by_one
    monkeypatch.undo()
    assert sorted(name for name in seen if name in {"out", "err", "result"}) == sorted(opened)


def test_of_a_folder_that_is_gone_nothing_is_left(tmp_path: Path) -> None:
    names = {name: str(tmp_path / "gone" / name) for name in ("stdout", "stderr", "result")}
    assert read_left(ExecutionFiles(**names)) == LeftFiles()
