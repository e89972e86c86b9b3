"""How a task tells what is wrong: a line each, an exit code, and nothing changed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from tests.support.workplace import Ran, Workplace

SECRET = "hunter2-canary"


def told(ran: Ran, code: int, *parts: str) -> None:
    """One line each, no traceback, and the parts in it."""
    assert ran.code == code, (ran.code, ran.out, ran.err)
    assert "Traceback" not in ran.err + ran.out
    assert all(line.startswith("batchdrain: ") for line in ran.err.splitlines()), ran.err
    for part in parts:
        assert part in ran.err, (part, ran.err)


def snapshot(place: Workplace) -> dict[str, bytes | str]:
    """Every file of the project and its SQLite database, byte for byte; links and pipes by their kind."""
    found: dict[str, bytes | str] = {}
    for folder, names, files in os.walk(place.root.parent):
        names[:] = [name for name in names if name != "__pycache__"]
        for name in (*names, *files):
            path = Path(folder, name)
            readable = path.is_file() and not path.is_symlink() and path.stat().st_size < 10_000_000
            found[str(path)] = path.read_bytes() if readable else f"{path.lstat().st_mode:o} {path.lstat().st_size}"
    return found


def refused(place: Workplace, argv: list[str], code: int, *parts: str, env: Mapping[str, str] | None = None) -> Ran:
    """A task that says what is wrong, and changes nothing."""
    before = snapshot(place)
    ran = place.inv(*argv, env=env)
    told(ran, code, *parts)
    assert snapshot(place) == before
    return ran
