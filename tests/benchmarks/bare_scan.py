"""The least that reading a backlog can cost: the four columns of all failed phases, drawn by the driver alone."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final

BARE: Final = "SELECT run_id, phase_id, phase_index, last_failure_reason FROM phases WHERE state = 'FAILED'"


def bare_scan_s(path: Path) -> float:
    """Processor seconds of it in SQLite, which is part of this process."""
    with closing(sqlite3.connect(path)) as database:
        begun = time.process_time()
        for _ in database.execute(BARE):
            pass
        return time.process_time() - begun
