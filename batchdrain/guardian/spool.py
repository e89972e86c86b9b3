"""What a guardian keeps on disk for whoever comes after it: which process is the command, and how the command ended."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def write(folder: str, token: str, ending: dict[str, Any]) -> None:
    """Put `<token>.json` into the folder, durable before anybody hears of it. Raises OSError.

    No rename and no sync of the folder: nobody reads before we are dead, half a record is no JSON and counts as none, and
    with the sync of a new file Linux's file systems keep its name too. Where power loss takes it all the same, the phase is
    executed again, as after any crash.
    """
    with _opened(folder) as directory:
        _put(directory, f"{token}.json", {"token": token, **ending}, os.O_EXCL, durable=True)


def note(folder: str, token: str, pid: int, start: int) -> None:
    """Put `<token>.pid` into the folder: the process that is about to become the command. Its number is the number of the
    command's session too, by which everything that stays in that is found. Not durable: a boot ends them all."""
    with contextlib.suppress(OSError), _opened(folder) as directory:
        _put(directory, f"{token}.pid", {"token": token, "command": [pid, start]}, os.O_TRUNC, durable=False)


def drop_note(folder: str, token: str) -> None:
    """Nothing of the command is left."""
    with contextlib.suppress(OSError), _opened(folder) as directory:
        os.unlink(f"{token}.pid", dir_fd=directory)


@contextmanager
def _opened(folder: str) -> Iterator[int]:
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield directory
    finally:
        os.close(directory)


def _put(directory: int, name: str, content: dict[str, Any], flag: int, *, durable: bool) -> None:
    descriptor = os.open(name, _NEW | flag, 0o600, dir_fd=directory)
    try:
        raw = memoryview(json.dumps(content).encode())
        while raw:
            raw = raw[os.write(descriptor, raw) :]
        if durable:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
