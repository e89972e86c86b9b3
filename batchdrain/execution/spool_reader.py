"""What a guardian left in the spool: which process became the command, and its end, which the ledger may not have yet."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import stat
from io import BufferedReader
from pathlib import Path
from typing import Any, Final

from batchdrain.execution.order import RESULT_BYTES, TAIL_BYTES, EndedBy, Ending
from batchdrain.execution.process_identity import ProcessIdentity, read_host_id

_LARGEST: Final = 1_000_000
_NO_FILE: Final = b"\x00"


def read(folder: str, token: str) -> dict[str, Any] | None:
    """The record of how one execution ended; None where there is none, or something else in its place."""
    record = _read_record(folder, token)
    return record if record is not None and "by" in record else None


def command_of(folder: str, token: str) -> ProcessIdentity | None:
    """The process that became the command, as its guardian noted it; None where it noted none, or nothing of it was left."""
    noted = (_read_record(folder, token) or {}).get("command")
    if not isinstance(noted, list) or len(noted) != 2 or not all(type(number) is int and number > 0 for number in noted):
        return None
    return ProcessIdentity(read_host_id(), *noted)


def find_session(folder: str, suffix: str) -> str:
    """The session of the execution whose record has a name that ends so, by that name; '' where there is none, or several."""
    try:
        names = [path.name for path in Path(folder).iterdir()] if folder else []
    except OSError:
        return ""
    found = [name.removesuffix(suffix) for name in names if name.endswith(suffix)]
    return found[0] if len(found) == 1 and found[0].isalnum() else ""


def discard(folder: str, token: str) -> None:
    """The ledger has it now."""
    with contextlib.suppress(OSError, ValueError):
        _path_of(folder, token).unlink()


def _path_of(folder: str, token: str) -> Path:
    """Raises ValueError where there is no spool, or the token, which stands in the ledger, leads out of it."""
    if not folder or os.sep in token:
        raise ValueError(f"{token!r} is in no spool")
    return Path(folder, f"{token}.json")


def _read_record(folder: str, token: str) -> dict[str, Any] | None:
    try:
        with _open_regular(_path_of(folder, token)) as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or found.st_size > _LARGEST:
                return None
            record = json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return None
    return record if isinstance(record, dict) and record.get("token") == token else None


def ending_of(record: dict[str, Any], *, result_path: str, stdout_path: str, stderr_path: str) -> Ending:
    """The ending that a guardian tells of, with what the command left in its files."""
    return Ending(
        by=EndedBy(record["by"]),
        exit_code=record.get("exit_code"),
        signal=record.get("signal"),
        duration_s=float(record["duration_s"]),
        message=str(record.get("message", "")),
        errno=record.get("errno"),
        left_over=int(record.get("left_over", 0)),
        unspooled=str(record.get("spool_error", "")),
        cpu_s=None if record.get("cpu_s") is None else float(record["cpu_s"]),
        max_rss_kb=None if record.get("max_rss_kb") is None else int(record["max_rss_kb"]),
        result=_read_head(result_path),
        stdout_tail=_read_tail(stdout_path),
        stderr_tail=_read_tail(stderr_path),
        log_sha256=_hash(stderr_path),
    )


def _read_head(path: str) -> bytes:
    """What the result file holds; nothing where there is none; what is no JSON where something else stands in its place."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return b""
    except OSError:
        return _NO_FILE
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            return _NO_FILE
        with os.fdopen(os.dup(fd), "rb") as file:
            return file.read(RESULT_BYTES + 1)
    except OSError:
        return _NO_FILE
    finally:
        os.close(fd)


def _hash(path: str) -> str | None:
    try:
        with _open_regular(Path(path)) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, MemoryError):
        return None


def _read_tail(path: str) -> bytes:
    try:
        with _open_regular(Path(path)) as file:
            beyond = os.fstat(file.fileno()).st_size - TAIL_BYTES
            file.seek(max(0, beyond))
            tail = file.read(TAIL_BYTES)
    except (OSError, MemoryError):
        return b""
    return tail if beyond <= 0 else _drop_cut_word(tail)


def _drop_cut_word(tail: bytes) -> bytes:
    """A tail without what was cut at its beginning: the rest of a secret would not be known as one."""
    for end in (rb"[\r\n]", rb"\s"):
        found = re.search(end, tail)
        if found is not None and (rest := tail[found.end() :]).strip():
            return rest
    return b"one unbroken word of more than %d bytes" % TAIL_BYTES


def _open_regular(path: Path) -> BufferedReader:
    """A regular file, to be read. Raises OSError for whatever else a command put in its place: a FIFO, a folder, a link."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return os.fdopen(fd, "rb")
