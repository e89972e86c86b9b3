"""A folder that somebody swaps while it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from batchdrain.runtime import folders


def swap_at_first_opening(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """Once any folder has been opened, put an empty one in the place of `folder`, and let anybody write to the folder around it.
    Returns the path that was opened, as soon as it was."""
    opened, open_folder = list[str](), folders.open_folder

    def swap(path: str | Path, *, guarded: bool = False, mode: int | None = None) -> int:
        fd = open_folder(path, guarded=guarded, mode=mode)
        if not opened:
            opened.append(str(path))
            folder.rename(folder.with_name("former"))
            folder.mkdir()
            folder.parent.chmod(0o777)
        return fd

    monkeypatch.setattr(folders, "open_folder", swap)
    return opened
