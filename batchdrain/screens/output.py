"""Text on a stream that may be a closed pipe, or take ASCII only. A reader who leaves must not stop a drain."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from typing import IO, Any, TypeVar

from batchdrain.errors import BatchDrainError
from batchdrain.text import printable, safe_text

T = TypeVar("T")


class Patient:
    """A stream that a library writes to; once nobody takes it any more, it is written to nowhere."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._open = True

    def write(self, text: str) -> int:
        return self._tried(lambda: self._stream.write(text)) or len(text)

    def flush(self) -> None:
        self._tried(self._stream.flush)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def _tried(self, work: Callable[[], T]) -> T | None:
        if not self._open:
            return None
        try:
            return work()
        except (OSError, ValueError):
            self._open = False
            silence(self._stream)
            return None


class Output:
    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._open = self._stream is not None

    def line(self, text: str = "") -> None:
        self.text(text + "\n")

    def text(self, text: str) -> None:
        """Write and flush. After the reader has gone: nothing."""
        if not self._open:
            return
        try:
            self._stream.write(printable(text, getattr(self._stream, "encoding", None)))
            self._stream.flush()
        except (OSError, ValueError):  # a closed pipe, a closed terminal, a full disk below a redirection
            self._open = False
            silence(self._stream)


def error_lines(error: BatchDrainError) -> str:
    """An error as people see it: a line for each problem."""
    return "\n".join(f"batchdrain: {safe_text(line, limit=4_000)}" for line in str(error).splitlines())


def silence(stream: IO[str]) -> None:
    """The interpreter flushes stdout once more at its end, and would then exit 120."""
    with contextlib.suppress(OSError, ValueError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)
