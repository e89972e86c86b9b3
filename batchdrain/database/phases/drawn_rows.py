"""Remembers which rows were drawn from a stream, by the hashes of their ids: eight bytes for each row.

For a million rows that takes as much memory as ten thousand lanes. So the hashes of a large backlog go into a nameless file
that disappears when the process ends. They are read back only if a row breaks the reading.
"""

from __future__ import annotations

import errno
import os
from array import array
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile, gettempdir
from typing import IO, Final

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime.files import write_all

_AT_HAND: Final = 50_000  #: so many rows are kept in memory; a smaller backlog has no file
_READ_BYTES: Final = 1 << 20
_REMEDY: Final = "repair its disk, or name another folder in TMPDIR"


class DrawnRows:
    """The hashes of the rows drawn so far. If no file can be written, all of them stay in memory."""

    def __init__(self) -> None:
        self._at_hand: list[array[int]] = []  # a list of arrays: one long array would be copied as it grows
        self._rows = 0  # rows in memory
        self._file: IO[bytes] | None = None
        self._written = 0  # bytes that were written whole; ignore what follows them in the file
        self._takes_more = True

    def add(self, ids: Iterable[tuple[str, str]]) -> None:
        """Add the ids of some rows. Each row is added once, in any order."""
        hashes = array("q", map(hash, ids))
        self._at_hand.append(hashes)
        self._rows += len(hashes)
        if self._rows >= _AT_HAND and self._takes_more:
            self._write()

    def hashes(self) -> Iterator[int]:
        """The hashes of all that was added, as `hash` gives them in this process. Raises FilesUnavailable."""
        for start in range(0, self._written, _READ_BYTES):
            yield from array("q", self._read(start, min(_READ_BYTES, self._written - start)))
        for hashes in self._at_hand:
            yield from hashes

    def close(self) -> None:
        """Forget all rows, and close the file."""
        self._at_hand = []
        if self._file is not None:
            self._file.close()

    def _read(self, start: int, size: int) -> bytes:
        if self._file is None:
            raise AssertionError("nothing was written")
        try:
            found = os.pread(self._file.fileno(), size, start)
        except OSError as error:
            raise FilesUnavailable(f"{gettempdir()}: {error.strerror}", remedy=_REMEDY) from error
        if len(found) < size:  # somebody cut the file
            raise FilesUnavailable(f"{gettempdir()}: {os.strerror(errno.EIO)}", remedy=_REMEDY)
        return found

    def _write(self) -> None:
        content = b"".join(self._at_hand)
        try:
            if self._file is None:
                self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`
            write_all(self._file.fileno(), content)
        except OSError:  # a full disk, or no folder for the file: what is written stays there, the rest is kept in memory
            self._takes_more = False
            return
        self._written += len(content)
        self._at_hand, self._rows = [], 0
