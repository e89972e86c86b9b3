"""Keeps folders open that were once checked step by step from the root. The next time a single stat tells whether the path
still leads there. Each phase opens about nine folders, and a walk takes three calls for each step."""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from batchdrain.runtime.forks import keep_from_children

READ: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
MOST: Final = 32
Key = tuple[str, bool]  #: absolute path; whether it was checked that nobody else may replace anything on the way


@dataclass(slots=True)
class HeldFolders:
    """The most recently used folders. What is opened through a descriptor is in the folder that was checked. While the
    descriptor is held, no other folder can get the same inode number."""

    _held: OrderedDict[Key, tuple[int, int, int]] = field(default_factory=OrderedDict)  #: device, inode, descriptor
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, key: Key) -> int | None:
        """A new descriptor of the folder. None if the folder is not held, or if another one is at the path now; then it must
        be walked to. A folder that was checked as guarded also serves unguarded requests."""
        with self._lock:
            path, is_guarded = key
            key = key if is_guarded or key in self._held else (path, True)
            if (held := self._held.get(key)) is None:
                return None
            device, inode, fd = held
            with contextlib.suppress(OSError):
                found = os.stat(key[0])  # noqa: PTH116
                if (found.st_dev, found.st_ino) == (device, inode):
                    self._held.move_to_end(key)
                    return os.open(".", READ, dir_fd=fd)
            self._drop(key)
            return None

    def hold(self, key: Key, fd: int) -> None:
        """Hold a copy of `fd`, a descriptor of a folder that was just walked to, if a descriptor is free for it."""
        with self._lock, contextlib.suppress(OSError):
            found = os.fstat(fd)
            copy = os.dup(fd)
            keep_from_children(copy)
            if key in self._held:
                self._drop(key)
            self._held[key] = found.st_dev, found.st_ino, copy
            if len(self._held) > MOST:
                self._drop(next(iter(self._held)))

    def _drop(self, key: Key) -> None:
        _, _, fd = self._held.pop(key)
        os.close(fd)

    def forget(self) -> None:
        """Forget all folders in a forked child: its copies are closed, and a thread that held the lock does not exist
        there."""
        self._lock = threading.Lock()
        self._held.clear()
