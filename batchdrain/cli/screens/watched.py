"""Shows lines that change: on a terminal in place of those before, elsewhere below them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from types import TracebackType
from typing import IO, Self

from batchdrain.cli.screens.writer import Output
from batchdrain.runtime.text import count_of


class Watched(Output):
    """The output of a report that may be repeated. On a terminal, the cursor rests below the report."""

    def __init__(self, stream: IO[str] | None = None, *, is_repeated: bool) -> None:
        """`is_repeated`: whether more than one report comes. A single one is printed whole, even if the screen has fewer rows."""
        super().__init__(stream)
        self._is_repeated = is_repeated
        self._is_first = True
        self._painted: list[int] = []  # the widths of the painted lines

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._painted and isinstance(error, KeyboardInterrupt):
            self._write("\n")  # the terminal has echoed ^C, and the shell's prompt would stand behind it

    def show(self, lines: Sequence[str]) -> None:
        """Show the lines instead of those before. Does nothing after the reader has gone."""
        size = self._find_size()
        if size is None:
            for line in lines if self._is_first else ["", *lines]:
                self.line(line)
        else:
            self._paint(self.fitted("\n".join(lines)).split("\n"), *size)
        self._is_first = False

    def _paint(self, lines: Sequence[str], columns: int, rows: int) -> None:
        from batchdrain.cli.screens.cells import width_of  # heavy, and a pipe needs none of it
        from batchdrain.cli.screens.frame import frame

        room = max(1, rows - 1)
        if len(lines) > room:
            lines = [*lines[: room - 1], f"and {count_of(len(lines) - room + 1, 'more line')}"]
        shown = [*lines, ""]
        self._write(frame("", shown, self._painted, columns))
        self._painted = [width_of(line) for line in shown]

    def _find_size(self) -> tuple[int, int] | None:
        """The columns and rows of a terminal that can paint; None if it is none."""
        columns = self._find_columns() if self._is_repeated else None
        if columns is None or os.environ.get("TERM", "dumb") in {"", "dumb"}:
            return None
        rows = os.get_terminal_size(self._stream.fileno()).lines
        return (columns, rows) if rows > 0 else None  # a terminal may tell no rows
