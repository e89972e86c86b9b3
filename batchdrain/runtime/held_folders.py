"""Folders that were looked at once, step by step from the root, held open: the next time one look says whether the path still
leads there. A phase opens some nine of them, and each walk takes three calls a step.
"""

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
Key = tuple[str, bool]  #: absolute path; whether nobody else may replace anything on the way


@dataclass(slots=True)
class HeldFolders:
    """The last ones used. What is opened through a descriptor lies in the folder that was looked at; since the descriptor is held,
    no other folder can have its number."""

    _held: OrderedDict[Key, tuple[int, int, int]] = field(default_factory=OrderedDict)  #: device, inode, descriptor
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, key: Key) -> int | None:
        """A descriptor of its own. None where the folder is not held, or another one stands there now: then it has to be walked to.
        One on the way to which nobody may replace anything does for whoever does not ask for that."""
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
        """It was walked to, and `fd` is a descriptor of it. A copy is held, where there is room for one."""
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
        """A child that was forked: its copies are closed, and a thread that held the lock is not there."""
        self._lock = threading.Lock()
        self._held.clear()
