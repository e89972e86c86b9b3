"""The event log: one JSON object a line, beside the session's file. Names and fields are API:
docs/operations.md lists them.

After a crash at most the last line is partial; the next writer ends it, so it is never merged into the following one.
"""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import structlog

from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime import folders
from batchdrain.runtime.files import write_all
from batchdrain.runtime.json_text import to_json_line


class Event(StrEnum):
    """The names of the event log, all past facts. docs/operations.md has the catalogue; a test compares the two."""

    SESSION_STARTED = "session.started"
    SESSION_RESUMED = "session.resumed"
    SESSION_PAUSED = "session.paused"
    SESSION_ASKED = "session.asked"
    SESSION_STOPPED = "session.stopped"
    SESSION_COMPLETED = "session.completed"
    PHASE_SELECTED = "phase.selected"
    PHASE_SKIPPED = "phase.skipped"
    PHASE_DIAGNOSED = "phase.diagnosed"
    PHASE_CLAIMED = "phase.claimed"
    PHASE_STARTED = "phase.started"
    PHASE_RETRY_SCHEDULED = "phase.retry_scheduled"
    PHASE_FINISHED = "phase.finished"
    CLAIM_LOST = "claim.lost"
    CLAIM_RECOVERED = "claim.recovered"
    RUN_STOPPED = "run.stopped"
    DATABASE_RETRIED = "database.retried"


DURABLE: Final = frozenset({Event.PHASE_FINISHED, Event.SESSION_STOPPED, Event.SESSION_COMPLETED})
"""Events that are on disk before the next step begins."""


class _Lines:
    """The file behind the logger; structlog passes it finished lines."""

    def __init__(self, path: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
        try:
            self.fd = folders.open_file(path, flags, guarded=True)
            size = os.fstat(self.fd).st_size
            if size and os.pread(self.fd, 1, size - 1) != b"\n":
                write_all(self.fd, b"\n")
        except OSError as error:
            raise FilesUnavailable(f"{path}: {error.strerror}", remedy="fix the file or set session_dir") from error
        self.path = path

    def info(self, line: str) -> None:
        try:
            write_all(self.fd, line.encode() + b"\n")
        except OSError as error:
            raise FilesUnavailable(
                f"{self.path}: {error.strerror}", remedy="free disk space; results are in the ledger, `inv resume` continues"
            ) from error


class EventLog:
    """Appends events. Every event carries the ids of the session and its time."""

    def __init__(self, path: Path, session_id: str, session_uid: str | None) -> None:
        self._lines = _Lines(path)
        self._logger = structlog.wrap_logger(
            self._lines,
            processors=[
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
                structlog.processors.JSONRenderer(serializer=_dumps),
            ],
            wrapper_class=structlog.BoundLogger,
        ).bind(session_id=session_id, session_uid=session_uid)

    def write(self, event: Event, **fields: Any) -> None:
        """Append one event. If it is in DURABLE, it is on disk when this returns. Raises FilesUnavailable."""
        self.append(event, **fields)
        if event in DURABLE:
            self.sync()

    def append(self, event: Event, **fields: Any) -> None:
        """Append one event, which may stay in the system's buffers until `sync`. Raises FilesUnavailable."""
        self._logger.info(event.value, **fields)

    def sync(self) -> None:
        """Write all events so far to disk; they are there when this returns. Raises FilesUnavailable."""
        try:
            os.fdatasync(self._lines.fd)
        except OSError as error:
            raise FilesUnavailable(
                f"{self._lines.path}: {error.strerror}", remedy="repair the disk; results are in the ledger"
            ) from error

    def close(self) -> None:
        """Close the file without `sync`: the latest events may still be in the system's buffers."""
        os.close(self._lines.fd)


def _dumps(fields: dict[str, Any], **_: object) -> str:
    return to_json_line(fields)
