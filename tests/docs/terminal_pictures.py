"""The pictures of the terminal in docs/: the demo's backlog, drained by commands that take their time, in a pane of tmux."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from io import StringIO
from pathlib import Path
from typing import Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from tests.support.tmux import Pane, pane

_SIZES: Final[dict[str, tuple[tuple[int, int], int]]] = {
    "60": ((60, 24), 3),
    "100": ((100, 24), 3),
    "200": ((200, 24), 3),
    "24-workers": ((100, 20), 24),
}
"""Columns and rows, and workers."""
_SLOWLY: Final = """
import os, sys, time, zlib
time.sleep(0.5 + zlib.crc32(os.environ["BATCHDRAIN_PHASE_ID"].encode()) % 30 / 10)
os.execv(sys.executable, [sys.executable, "-m", "batchdrain.demo", *sys.argv[1:]])
"""
_ELSEWHERE: Final = re.compile(r"@font-face \{\{.*?\}\}\s*", re.DOTALL)


def take_terminal_pictures(folder: Path) -> None:
    """One for each size, halfway through."""
    for name, (size, workers) in _SIZES.items():
        with tempfile.TemporaryDirectory() as place:
            (folder / f"terminal-{name}.svg").write_text(_picture_of(Path(place), size, workers))


def _picture_of(place: Path, size: tuple[int, int], workers: int) -> str:
    _make_backlog(place)
    environ = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "HOME": str(place)}
    argv = [sys.executable, "-m", "invoke", "drain", "--batch-size=60", f"--workers={workers}"]
    with pane(argv, place, environ, size) as terminal:
        terminal.until(r"^[1-5]\d/60 .* retr.*ETA")
        picture = _to_svg(terminal, size)
        terminal.type("C-c")
        terminal.end()
    return picture


def _make_backlog(place: Path) -> None:
    """Of as many runs as the most workers."""
    (place / "tasks.py").write_text("from batchdrain.collection import ns as ns\n")
    subprocess.run([sys.executable, "-m", "invoke", "demo", "--phases=200"], cwd=place, check=True, capture_output=True)
    section = {
        "database_url": f"sqlite:///{place}/batchdrain.db",
        "command": {"argv": ["{python}", "-c", _SLOWLY, "--run-id={run_id}", "--phase-id={phase_id}"], "grace_s": 2},
        "timeout": {"default_s": 30, "adaptive": False},
        "retry": {"initial_s": 30, "max_s": 60, "outage_after": 0},
        "stop": {"canary": False},
    }
    (place / "invoke.yaml").write_text(json.dumps({"batchdrain": section}))
    with closing(sqlite3.connect(place / "batchdrain.db")) as database, database:
        database.execute("DELETE FROM phases WHERE phase_id LIKE '%soak-test%'")  # they hang
        database.execute("UPDATE phases SET run_id = run_id || '-part' || (rowid % 3 + 1)")


def _to_svg(terminal: Pane, size: tuple[int, int]) -> str:
    """Without a font from elsewhere: the reader's own will do."""
    console = Console(record=True, width=size[0], file=StringIO(), force_terminal=True, color_system="standard")
    for line in terminal.lines(styled=True):
        console.print(Text.from_ansi(line), no_wrap=True, crop=True)
    return console.export_svg(title="inv drain", code_format=_ELSEWHERE.sub("", CONSOLE_SVG_FORMAT), unique_id="terminal")
