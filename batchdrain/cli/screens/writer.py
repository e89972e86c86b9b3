"""Prints everything: for people, as JSON, and as rows for scripts. No terminal or CI runner obeys what a row or a command
says.

The stream may be a closed pipe, or take only ASCII. A reader who leaves must not stop a drain.
"""

from __future__ import annotations

import os
import sys
from typing import IO

from batchdrain.cli.screens.stream import Outlet, require_ours, silence, write_through
from batchdrain.cli.tasks.called_as import as_callable, mount_of, program_of
from batchdrain.model.errors import BatchDrainError
from batchdrain.runtime.json_text import to_ascii
from batchdrain.runtime.text import is_utf8, safe_lines, safe_text, to_printable


class Output:
    """Prints lines for people. A report waits for its reader, as people expect; over an Outlet nothing waits. If our tasks
    are mounted below a name, commands in lines are shown with that name."""

    def __init__(self, stream: IO[str] | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self._open = self._stream is not None
        self._encoding: str | None = getattr(self._stream, "encoding", None)
        self._mount = mount_of(sys.argv)
        self._program = f"{program_of(sys.argv)} "

    @property
    def is_open(self) -> bool:
        """Whether the stream is still written to. A reader who left is noticed only by a write."""
        return self._open

    @property
    def columns(self) -> int | None:
        """The columns of the terminal, for a table; None if it is no terminal, or does not tell."""
        return self._find_columns()

    def line(self, text: str = "") -> None:
        """Write a line and flush. Does nothing after the reader has gone."""
        self.text(text + "\n")

    def text(self, text: str) -> None:
        """Write lines fitted to the terminal's width, and flush. Does nothing after the reader has gone."""
        self._write(self.fitted(text))

    def document(self, text: str) -> None:
        """Write a text that programs read too, such as Markdown, and flush. Its lines are never broken."""
        self._write(self._to_shown(text))

    def fitted(self, text: str) -> str:
        """The text as it is shown, fitted to the terminal's width if there is one."""
        shown, columns = self._to_shown(text), self._find_columns()
        if columns is None:
            return shown
        from batchdrain.cli.screens.fitted import fit  # heavy, and a pipe needs none of it

        return fit(shown, columns, self._program)

    def _to_shown(self, text: str) -> str:
        return to_printable(safe_lines(as_callable(text, self._mount)), self._encoding)

    def _find_columns(self) -> int | None:
        """The columns of the terminal; None if it is no terminal, or does not tell."""
        try:
            return (os.get_terminal_size(self._stream.fileno()).columns or None) if self._stream.isatty() else None
        except (OSError, ValueError, AttributeError):
            return None

    def json(self, text: str) -> None:
        """Write a JSON text that `to_json` made, with the end of the line, and flush.
        It is UTF-8 if the stream is, else ASCII."""
        self._write_raw((text if is_utf8(self._encoding) else to_ascii(text)) + "\n")

    def row(self, *fields: object) -> None:
        """Write a row of TSV and flush. It is always UTF-8.
        Characters that can't stand in a field are escaped; nothing is cut."""
        self._write_raw("\t".join(safe_text(str(one), limit=None) for one in fields) + "\n")

    def _write_raw(self, text: str) -> None:
        """Write for programs, which read bytes and know nothing of the terminal's encoding."""
        below = self._stream if isinstance(self._stream, Outlet) else getattr(self._stream, "buffer", None)
        self._write(text if below is None or is_utf8(self._encoding) else text.encode())

    def _write(self, text: str | bytes) -> None:
        if not self._open:
            return
        try:
            require_ours(self._stream)
            if isinstance(text, bytes) and isinstance(self._stream, Outlet):
                self._stream.write_raw(text)
            else:
                write_through(self._stream, text)
            self._stream.flush()
        except (OSError, ValueError):  # a closed pipe, a closed terminal, a full disk behind a redirection
            self._open = False
            silence(self._stream)

    def finish(self) -> None:
        """End the output. Over an Outlet the reader gets a last chance to read."""
        finish = getattr(self._stream, "finish", None)
        if finish is not None:
            finish()


def to_error_lines(error: BatchDrainError) -> str:
    """An error as people see it: one line for each problem."""
    return "\n".join(f"batchdrain: {safe_text(line, limit=4_000)}" for line in str(error).splitlines())
