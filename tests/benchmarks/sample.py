"""Projects with large backlogs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

RUNS = 50
REASONS = (
    None,
    "ConnectionResetError: [Errno 104] Connection reset by peer",
    "ImportError: cannot import name 'Ledger{n}' from 'acme.ledger'",
    "Missing 2 required deliverables: docs/{n}.md, tests/test_{n}.py",
    "error: patch failed: src/app/part_{n}.py:{n}",
    "AssertionError: assert {n} == 1",
    "KeyError: 'missing_{n}'",
)


def make_project(root: Path, failed: int, *, runs: int = RUNS) -> Path:
    """A project whose table has so many failed phases in so many runs, and whose command is /bin/true. Returns the database."""
    root.mkdir(parents=True)
    (root / "tasks.py").write_text("from batchdrain.collection import ns as ns\n")
    section = {"command": {"argv": ["/bin/true"]}, "timeout": {"default_s": 60, "adaptive": False}, "refresh_s": 3600}
    (root / "invoke.yaml").write_text(json.dumps({"batchdrain": section}))
    path = root / "batchdrain.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT, "
            "PRIMARY KEY (run_id, phase_id))"
        )
        rows = ((f"run-{n % runs:03}", f"phase-{n // runs}-{n}", n // runs, "FAILED", _reason(n)) for n in range(failed))
        database.executemany("INSERT INTO phases VALUES (?, ?, ?, ?, ?)", rows)
        database.commit()
    return path


def _reason(number: int) -> str | None:
    reason = REASONS[number % len(REASONS)]
    return None if reason is None else reason.format(n=number % 97)
