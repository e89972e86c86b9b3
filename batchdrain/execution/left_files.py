"""Reads what an execution left in its files. A command may have put anything in their place, of any size.

So only regular files are opened, a bounded part of each is read, and never more than its size at the time of opening. Thus neither
a growing log nor a file of the kernel can hold anybody up.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from batchdrain.execution.order import RESULT_BYTES, TAIL_BYTES, ExecutionFiles
from batchdrain.runtime import folders

HASHED_BYTES: Final = 64 * 1024 * 1024
"""The most bytes of a log that are hashed. Of a longer log, this is the first and the last half of so many bytes."""
_BLOCK: Final = 1 << 20
_MOST_PARTS: Final = 1_000  # of a file with holes
_NO_FILE: Final = b"\x00"
_HASH_OF_NOTHING: Final = hashlib.sha256().hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftFiles:
    """What a command left in its files."""

    result: bytes = b""
    stdout_tail: bytes = b""
    stderr_tail: bytes = b""
    log_sha256: str | None = None  #: of stderr; see `hash_log`


def read_left(files: ExecutionFiles) -> LeftFiles:
    """Read the files of an execution, which are in one folder: it is opened once, each file once, and an empty log not at all."""
    try:
        with folders.hold(os.path.dirname(files.stderr)) as above:  # noqa: PTH120
            tail, digest = (b"", _HASH_OF_NOTHING) if _is_empty(files.stderr, above) else _read_log(files.stderr, above)
            return LeftFiles(
                result=read_head(files.result, above),
                stdout_tail=b"" if _is_empty(files.stdout, above) else read_tail(files.stdout, above),
                stderr_tail=tail,
                log_sha256=digest,
            )
    except (FileNotFoundError, NotADirectoryError):
        return LeftFiles()
    except OSError:
        return LeftFiles(result=_NO_FILE)


def read_head(path: str, above: int | None = None) -> bytes:
    """The result file; b'' if there is none; a byte that is no JSON if something else is in its place."""
    try:
        with open_regular(path, above) as (fd, size):
            return _read(fd, 0, min(size, RESULT_BYTES + 1))
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except (OSError, MemoryError):
        return _NO_FILE


def read_tail(path: str, above: int | None = None) -> bytes:
    """The last TAIL_BYTES of a log, at most; b'' if there is none."""
    try:
        with open_regular(path, above) as (fd, size):
            return _tail_of(fd, size)
    except (OSError, MemoryError):
        return b""


def hash_log(path: str) -> str | None:
    """The SHA-256 of a log; None if there is none. For a log of more than HASHED_BYTES it is that of its first and last half of so
    many bytes, as by `(head -c 33554432 LOG; tail -c 33554432 LOG) | sha256sum`."""
    try:
        with open_regular(path) as (fd, size):
            return _hash_of(fd, size)
    except (OSError, MemoryError):
        return None


def _is_empty(path: str, above: int) -> bool:
    try:
        found = os.stat(path.rpartition("/")[2], dir_fd=above, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and not found.st_size


def _read_log(path: str, above: int) -> tuple[bytes, str | None]:
    """What `read_tail` and `hash_log` give."""
    tail = b""
    try:
        with open_regular(path, above) as (fd, size):
            tail = _tail_of(fd, size)
            return tail, _hash_of(fd, size)
    except (OSError, MemoryError):
        return tail, None


@contextmanager
def open_regular(path: str | Path, above: int | None = None) -> Iterator[tuple[int, int]]:
    """Open a regular file; yields its descriptor and size. `above`: a descriptor of its folder; None: the folder is opened too.
    Raises OSError for anything else that a command put in its place: a FIFO, a folder, a link. A device is not even opened, as
    some react to that."""
    folder, name = os.path.split(path)
    if above is None:
        with folders.hold(folder) as found_above:
            fd = _open_regular(path, name, found_above)
    else:
        fd = _open_regular(path, name, above)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(path))
        yield fd, found.st_size
    finally:
        os.close(fd)


def _open_regular(path: str | Path, name: str, above: int) -> int:
    if not stat.S_ISREG(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode):
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=above)


def put(path: str, content: bytes) -> None:
    """Write a file of ours with content that came from elsewhere, replacing an earlier one. Raises OSError."""
    above, _ = os.path.split(path)
    os.close(folders.open_folder(above, guarded=True, mode=0o700))
    fd = folders.open_file(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, guarded=True)
    with os.fdopen(fd, "wb") as file:
        file.write(content)


def read_small(path: str | Path, most: int) -> bytes:
    """Read a whole regular file of ours. Raises OSError, also if it is larger than `most` bytes or another user's."""
    with open_regular(path) as (fd, size):
        if size > most or os.fstat(fd).st_uid != os.geteuid():
            raise OSError(errno.EINVAL, "is not a small file of batchdrain", str(path))
        return _read(fd, 0, size)


def _tail_of(fd: int, size: int) -> bytes:
    end = _end_of_content(fd, size) if size else 0
    beyond = max(0, end - TAIL_BYTES)
    tail = _read(fd, beyond, end - beyond).rstrip(b"\0")
    return _drop_cut_word(tail) if beyond and tail else tail


def _hash_of(fd: int, size: int) -> str:
    digest, half = hashlib.sha256(), HASHED_BYTES // 2
    for offset, length in [(0, size)] if size <= HASHED_BYTES else [(0, half), (size - half, half)]:
        for block in _blocks(fd, offset, length):
            digest.update(block)
    return digest.hexdigest()


def _read(fd: int, offset: int, length: int) -> bytes:
    return b"".join(_blocks(fd, offset, length))


def _blocks(fd: int, offset: int, length: int) -> Iterator[bytes]:
    """The bytes that are there now; fewer if the file was cut meanwhile."""
    end = offset + length
    while offset < end and (block := os.pread(fd, min(_BLOCK, end - offset), offset)):
        yield block
        offset += len(block)


def _end_of_content(fd: int, size: int) -> int:
    """Where the content of a file ends: at the beginning of the hole at its end, if it was made longer without writing; else at its
    size."""
    end = 0
    try:
        for _ in range(_MOST_PARTS):
            end = os.lseek(fd, os.lseek(fd, end, os.SEEK_DATA), os.SEEK_HOLE)
            if end >= size:
                return size
    except OSError as error:
        return min(end, size) if error.errno == errno.ENXIO else size
    return size


def _drop_cut_word(tail: bytes) -> bytes:
    """The tail without the word that was cut at its beginning: the rest of a secret would not be recognised."""
    for end in (rb"[\r\n]", rb"\s"):
        found = re.search(end, tail)
        if found is not None and (rest := tail[found.end() :]).strip():
            return rest
    return b"one unbroken word of more than %d bytes" % TAIL_BYTES
