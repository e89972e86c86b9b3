"""What a guardian left in the spool: the end of a command whose controller died before the ledger had it."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from batchdrain.execution.order import RESULT_BYTES, TAIL_BYTES, EndedBy, Ending

_LARGEST: Final = 1_000_000
_NO_FILE: Final = b"\x00"


def read(folder: str, token: str) -> dict[str, Any] | None:
    """The record of one execution; None where there is none, or something else in its place."""
    try:
        fd = os.open(Path(folder, f"{token}.json"), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    with os.fdopen(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > _LARGEST:
            return None
        try:
            record = json.loads(file.read())
        except (ValueError, RecursionError):
            return None
    return record if isinstance(record, dict) and record.get("token") == token else None


def discard(folder: str, token: str) -> None:
    """The ledger has it now."""
    with contextlib.suppress(OSError):
        Path(folder, f"{token}.json").unlink()


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
        result=_head(result_path),
        stdout_tail=_tail(stdout_path),
        stderr_tail=_tail(stderr_path),
    )


def _head(path: str) -> bytes:
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


def _tail(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - TAIL_BYTES))
            return file.read(TAIL_BYTES)
    except OSError:
        return b""
