"""What is killed, stopped and cut off measures no coverage: that writes and renames files of its own."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _uncovered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
        monkeypatch.delenv(name)
