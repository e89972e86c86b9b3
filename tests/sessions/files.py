"""A folder of sessions, and a session in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session, Status
from tests.support.workplace import Workplace

START = datetime(2025, 12, 28, 12, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path) -> SessionFolder:
    found = SessionFolder(tmp_path / "state" / "sessions")
    found.prepare()
    return found


@pytest.fixture
def record(folder: SessionFolder) -> Iterator[SessionRecord]:
    name = folder.new_id(START)
    session = Session(session_id=name, session_uid="u" * 32, started_at=START, status=Status.RUNNING, batch_size=5)
    opened = SessionRecord(session, folder, folder.lock(name))
    yield opened
    opened.close()


def result(number: int = 0, *, success: bool = True, **more: Any) -> Result:
    fields = {"run_id": "r", "phase_id": f"p{number}", "success": success, "final_state": "X", "timestamp": START, **more}
    return Result(**fields)


def add(record: SessionRecord, found: Result) -> None:
    record.add(found, {"run_id": found.run_id, "phase_id": found.phase_id, "epoch": 1, "success": found.success})
    record.settle()


def on_disk(record: SessionRecord) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(record.path.read_text())
    return found


HEAD: dict[str, Any] = {
    "session_id": "s", "started_at": "2025-12-28T12:00:00Z", "completed_at": None, "batch_size": 3, "total_processed": 0,
    "total_success": 0, "total_failed": 0, "results": [],
}  # fmt: skip


def put(place: Workplace, name: str = "s", /, **fields: Any) -> Path:
    """A session's file, of a session that can go on."""
    place.sessions.mkdir(parents=True, exist_ok=True)
    place.sessions.chmod(0o700)
    path = place.sessions / f"{name}.json"
    path.write_text(json.dumps({**HEAD, "session_id": name, **fields}))
    return path
