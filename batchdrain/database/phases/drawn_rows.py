"""Which rows were drawn of a stream, by the hashes of their ids: eight bytes a row.

Of a million rows that is as much memory as ten thousand lanes take. So those of a large backlog go into a file that has no
name, and ends with us; they are read again only where a row breaks the reading.
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

_AT_HAND: Final = 50_000  #: rows of which it is in memory; a smaller backlog has no file
_READ_BYTES: Final = 1 << 20
_REMEDY: Final = "mend its disk, or name another folder by TMPDIR"


class DrawnRows:
    """Where no file takes them, all are in memory."""

    def __init__(self) -> None:
        self._at_hand: list[array[int]] = []  # one long array would be copied as it grows
        self._rows = 0  # at hand
        self._file: IO[bytes] | None = None
        self._written = 0  # bytes; what is behind them was not written whole
        self._takes_more = True

    def add(self, ids: Iterable[tuple[str, str]]) -> None:
        """Each once, in any order."""
        hashes = array("q", map(hash, ids))
        self._at_hand.append(hashes)
        self._rows += len(hashes)
        if self._rows >= _AT_HAND and self._takes_more:
            self._write()

    def hashes(self) -> Iterator[int]:
        """Of all that was added, as `hash` gives them in this process. Raises FilesUnavailable."""
        for start in range(0, self._written, _READ_BYTES):
            yield from array("q", self._read(start, min(_READ_BYTES, self._written - start)))
        for hashes in self._at_hand:
            yield from hashes

    def close(self) -> None:
        """They are needed no more."""
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
        if len(found) < size:  # somebody cut it
            raise FilesUnavailable(f"{gettempdir()}: {os.strerror(errno.EIO)}", remedy=_REMEDY)
        return found

    def _write(self) -> None:
        content = b"".join(self._at_hand)
        try:
            if self._file is None:
                self._file = TemporaryFile(buffering=0)  # noqa: SIM115 - closed by `close`
            write_all(self._file.fileno(), content)
        except OSError:  # a full disk, or no folder for it: what is written stays, the rest is kept here
            self._takes_more = False
            return
        self._written += len(content)
        self._at_hand, self._rows = [], 0
