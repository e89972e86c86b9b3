"""Checks that the file of a SQLite database stays the one that was opened.

If another file took its place (mv, a restored backup), writes would mix it with the -wal and -shm files of the former one. A
copy into the same file keeps its identity and can't be noticed here.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from batchdrain.model.errors import FilesUnavailable


class SameFile:
    """Checks the file at the beginning and before the commit of each transaction, and for each new connection."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._name = str(self._path)
        self._identity: tuple[int, int] | None = None  #: device and inode; None until the file was opened

    def listen(self, engine: sa.Engine) -> None:
        """Check on every use of this engine. From then on its use may raise FilesUnavailable."""
        sa.event.listen(engine, "connect", self._note)
        sa.event.listen(engine, "begin", self._require)
        sa.event.listen(engine, "commit", self._require)

    def _note(self, *_: Any) -> None:
        if self._identity is None:
            self._identity = self._read()
        self._require()

    def _require(self, *_: Any) -> None:
        now = self._read()
        if now != self._identity:
            what = "it is gone" if now is None else "another file has replaced it"
            raise FilesUnavailable(
                f"database file {self._path}: {what} since it was opened: nothing more is written",
                remedy=f"end whatever else has it open; {self._path.name}-wal and {self._path.name}-shm are of the former file: "
                "move them away with it. Then `inv doctor`",
            )

    def _read(self) -> tuple[int, int] | None:
        try:
            found = os.stat(self._name)  # noqa: PTH116
        except OSError:
            return None
        return found.st_dev, found.st_ino
