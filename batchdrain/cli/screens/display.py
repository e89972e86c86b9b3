"""Paints lines at the bottom of a terminal again and again, below lines that stay.

Lines are never wrapped, whatever width the terminal reports. The cursor is not hidden, since nobody would show it again after
a SIGKILL.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from batchdrain.cli.screens.cells import width_of, wrap
from batchdrain.cli.screens.frame import frame
from batchdrain.cli.screens.layout import Line, Span
from batchdrain.cli.screens.printed_beside import PrintedBeside
from batchdrain.cli.screens.stream import Outlet
from batchdrain.runtime.threads import begin

_EVERY_S: Final = 0.5
_UNKNOWN: Final = (80, 24)
_ACCENT, _GREEN, _RED, _PLAIN = "\x1b[36m", "\x1b[32m", "\x1b[31m", "\x1b[0m"
_IN_ASCII: Final = str.maketrans({"·": "|", "…": "~", "━": "#", "─": "-"})
Source = Callable[[tuple[int, int]], Sequence[Line]]


class Display:
    """A stream for lines that stay. A thread paints below them the lines that a source gives each time it is asked."""

    def __init__(self, stream: Outlet, *, in_colour: bool, is_ascii: bool = False) -> None:
        self._stream = stream
        self._in_colour = in_colour
        self._is_ascii = is_ascii
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._source: Source | None = None
        self._painted: list[int] = []  # the widths of the painted lines
        self._beside = PrintedBeside(self.put)
        self.encoding = stream.encoding

    def begin(self, source: Source) -> None:
        """Begin to paint. `source`: gives the lines for a terminal of so many columns and rows.
        Raises FilesUnavailable if no thread can begin."""
        self._source = source
        self._beside.begin()
        begin(self._paint_on, "display")

    def write(self, text: str) -> None:
        """Write whole lines that stay, wrapped between words."""
        columns, _ = self.size()
        lines = text.removesuffix("\n").split("\n")
        self.put(self._in_its_colour(line, piece) for line in lines for piece in wrap(line, columns))

    def put(self, lines: Iterable[str]) -> None:
        """Write lines that stay, unchanged."""
        with self._lock:
            self._paint("".join(f"{line}\n" for line in lines))

    def end(self) -> None:
        """Stop painting, and erase the painted lines."""
        self._over.set()
        with self._lock:
            self._source = None
            self._paint("")
        self._beside.end()

    def size(self) -> tuple[int, int]:
        """The columns and rows of the terminal now."""
        try:
            columns, rows = os.get_terminal_size(self.fileno())
        except (OSError, ValueError):
            return _UNKNOWN
        return columns or _UNKNOWN[0], rows or _UNKNOWN[1]

    def flush(self) -> None:
        """Flush the stream."""
        self._stream.flush()

    def finish(self) -> None:
        """Give the stream's reader a last chance to read."""
        self._stream.finish()

    def fileno(self) -> int:
        """The file descriptor of the terminal."""
        return int(self._stream.fileno())

    def _paint_on(self) -> None:
        while not self._over.wait(_EVERY_S):
            with self._lock:
                if not self._over.is_set() and not self._stream.is_behind:
                    self._paint("")

    def _paint(self, above: str) -> None:
        columns, rows = self.size()
        found = [] if self._source is None else self._source((columns, rows))
        lines = [self._render(line) for line in found]
        if sent := frame(above, lines, self._painted, columns):
            self._stream.write(sent)
        self._painted = [sum(width_of(span.text) for span in line) for line in found]

    def _render(self, line: Line) -> str:
        return "".join(map(self._render_span, line))

    def _render_span(self, span: Span) -> str:
        text = span.text.translate(_IN_ASCII) if self._is_ascii else span.text
        return f"{_ACCENT}{text}{_PLAIN}" if span.is_accent and text and self._in_colour else text

    def _in_its_colour(self, whole: str, line: str) -> str:
        """Colour the line: green if its whole line tells of success, red if of failure."""
        colour = (_GREEN if "✓" in whole else _RED if "✗" in whole else "") if self._in_colour else ""
        return f"{colour}{line}{_PLAIN}" if colour else line
