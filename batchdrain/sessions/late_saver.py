"""Saves in a thread of its own what would take too long after each result, and only what no other save has written meanwhile.

After a save it rests for REST times as long as that took, and for at most LAG_S seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime.threads import begin

LAG_S: Final = 0.8
REST: Final = 20
_ENDS_WITHIN_S: Final = 60.0


class LateSaver:
    """Calls `save` after it was asked to. Whoever else saves tells it by `note_begin` and `note_end`."""

    def __init__(self, save: Callable[[], None]) -> None:
        """`save`: raises FilesUnavailable."""
        self._save = save
        self._late = threading.Condition()
        self._is_due = False
        self._is_closed = False
        self._began = 0.0  # monotonic, in seconds
        self._rests_until = 0.0
        self._thread: threading.Thread | None = None
        self._failure: OSError | None = None

    def ask(self) -> None:
        """Save soon. Raises FilesUnavailable if no thread can be started."""
        if self._is_due and self._thread is not None:  # it waits already, and would be woken for nothing
            return
        if self._thread is None:
            self._thread = begin(self._run, "saver")
        with self._late:
            self._is_due = True
            self._late.notify()

    def note_begin(self) -> None:
        """A save begins, by whomever: it will have all that there is by now."""
        self._is_due = False
        self._began = time.monotonic()

    def note_end(self, *, rests: bool) -> None:
        """That save is on disk. `rests`: whether the next one may lag."""
        ended = time.monotonic()
        self._rests_until = ended + min(LAG_S, REST * (ended - self._began)) if rests else 0.0

    @property
    def has_rested(self) -> bool:
        """Whether something may be saved now."""
        return time.monotonic() >= self._rests_until

    @property
    def has_failed(self) -> bool:
        """Whether its last save failed. Then it saves nothing more, until somebody takes that failure."""
        return self._failure is not None

    def take_failure(self) -> OSError | None:
        """Why its last save failed, told once; None if it did not fail. After that it can be asked again."""
        failure, self._failure = self._failure, None
        if failure is not None:
            self._thread = None
        return failure

    def close(self) -> None:
        """End the thread. It may wait for a hanging disk; all that it writes is already saved elsewhere."""
        with self._late:
            self._is_closed = True
            self._late.notify()
        if self._thread is not None:
            self._thread.join(_ENDS_WITHIN_S)

    def _run(self) -> None:
        while True:
            with self._late:
                self._late.wait_for(lambda: self._is_due or self._is_closed)
                if self._is_closed:
                    return
                self._late.wait_for(lambda: self._is_closed, timeout=max(0.0, self._rests_until - time.monotonic()))
            if not self._save_if_due():
                return

    def _save_if_due(self) -> bool:
        """Save what no other save has written meanwhile. Returns whether that went well."""
        if not self._is_due:
            return True
        try:
            self._save()
        except FilesUnavailable as error:
            self._failure = error.__cause__ if isinstance(error.__cause__, OSError) else OSError(str(error))
            return False
        return True
