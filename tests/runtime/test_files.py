"""Files are written whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from batchdrain.runtime import files


def test_short_writes_are_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: real(fd, bytes(content)[:3]))
    files.replace(tmp_path / "x", [b"0123456789"])
    monkeypatch.undo()
    assert (tmp_path / "x").read_bytes() == b"0123456789"
