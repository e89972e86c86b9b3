"""What bd1f117 left, in a place of its own for each test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.compatibility.placing import DATA, Left, placed


def kept(name: str) -> Any:
    """What was recorded of bd1f117."""
    return json.loads((DATA / name).read_text())


@pytest.fixture
def left(tmp_path: Path, sqlite_url: str) -> Left:
    """The project on SQLite: database, sessions, events, a plan, a spooled result."""
    return _placed(tmp_path, sqlite_url)


@pytest.fixture
def left_anywhere(tmp_path: Path, database_url: str) -> Left:
    """Its database on each of the three; on the servers the session files are lost."""
    return _placed(tmp_path, database_url)


def _placed(tmp_path: Path, url: str) -> Left:
    root = tmp_path / "project"
    root.mkdir()
    return placed(root, url)
