"""Catches what other code prints while lines are painted."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any

from batchdrain.runtime.text import safe_lines


class PrintedBeside:
    """Puts whole lines of other code's output above the painted lines, so that it does not tear them."""

    def __init__(self, put: Callable[[Sequence[str]], None]) -> None:
        self._put = put
        self._caught: dict[str, tuple[IO[str], _Lines]] = {}

    def begin(self) -> None:
        """Begin to catch. A stream that is no terminal is left alone."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and stream.isatty():
                lines = _Lines(stream, self._put)
                self._caught[name] = stream, lines
                setattr(sys, name, lines)

    def end(self) -> None:
        """Restore the streams. A stream that somebody else replaced meanwhile stays."""
        for name, (stream, lines) in self._caught.items():
            if getattr(sys, name) is lines:
                setattr(sys, name, stream)
            lines.finish()
        self._caught.clear()


class _Lines:
    def __init__(self, stream: IO[str], put: Callable[[Sequence[str]], None]) -> None:
        self._stream = stream
        self._put = put
        self._lock = threading.RLock()
        self._begun = ""

    def write(self, text: str) -> int:
        with self._lock:
            *lines, self._begun = (self._begun + text).split("\n")
            if lines:
                self._put([safe_lines(line) for line in lines])
        return len(text)

    def finish(self) -> None:
        """Put the last line even though its end is missing."""
        if self._begun:
            self.write("\n")

    def flush(self) -> None:
        """Does nothing: a line is shown once it is complete."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
