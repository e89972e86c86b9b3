"""What tests of several commands begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.workplace import Workplace


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Workplace:
    """An empty database, and no invoke.yaml."""
    found = Workplace(root=tmp_path, url=database_url)
    (tmp_path / "invoke.yaml").unlink()
    return found
