"""What tests have workers execute, as it travels in earnest: as text, that needs nothing of batchdrain there."""

from __future__ import annotations

import os
import time
from pathlib import Path


def execute(first, message: bytes) -> bytes:  # type: ignore[no-untyped-def]
    """`message`: a token, and the path of a file that is awaited, or '-'. Notes each execution beside it."""
    token, path = message.decode().split()
    if not first(token):
        return b"twice"
    if path != "-":
        with Path(f"{path}.begun").open("a") as begun:
            begun.write(f"{token} {os.getpid()}\n")
        while not Path(path).exists():
            time.sleep(0.02)
    return f"{token} by {os.getpid()}".encode()


def answer(message: bytes) -> bytes:
    """At once."""
    return message + b" %d" % os.getpid()


def answer_beside(much: bytes, message: bytes) -> bytes:
    """The same, however much it brings along."""
    return message + b" beside %d" % len(much)


def fail(message: bytes) -> bytes:
    """As what is broken does."""
    raise RuntimeError(message.decode())
