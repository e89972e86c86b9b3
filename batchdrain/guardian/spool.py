"""The guardian's own record of how a command ended, durable before anybody hears of it."""

from __future__ import annotations

import json
import os
from typing import Any


def write(folder: str, token: str, ending: dict[str, Any]) -> None:
    """Put `<token>.json` into the folder. Raises OSError.

    No rename and no sync of the folder: nobody reads before we are dead, half a record is no JSON and counts as none, and
    with the sync of a new file Linux's file systems keep its name too. Where power loss takes it all the same, the phase is
    executed again, as after any crash.
    """
    directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(f"{token}.json", flags, 0o600, dir_fd=directory)
        try:
            raw = memoryview(json.dumps({"token": token, **ending}).encode())
            while raw:
                raw = raw[os.write(descriptor, raw) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    finally:
        os.close(directory)
