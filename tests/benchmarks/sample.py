"""Projects with large backlogs."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.benchmarks.backlog_texts import FEW, BacklogTexts


def make_project(root: Path, failed: int, *, runs: int | None = None, texts: BacklogTexts = FEW, **settings: object) -> Path:
    """A project whose table has so many failed phases in so many runs, and whose command is /bin/true.
    `settings`: more of them. Returns the database."""
    make_folder(root, **settings)
    return make_database(root / "batchdrain.db", failed, runs=runs, texts=texts)


def make_folder(root: Path, **settings: object) -> Path:
    """A project without a table. Returns its folder."""
    root.mkdir(parents=True)
    (root / "tasks.py").write_text("from batchdrain.collection import ns as ns\n")
    section = {"command": {"argv": ["/bin/true"]}, "timeout": {"default_s": 60, "adaptive": False}, "refresh_s": 3600}
    (root / "invoke.yaml").write_text(json.dumps({"batchdrain": section | settings}))
    return root


def make_database(path: Path, failed: int, *, runs: int | None = None, texts: BacklogTexts = FEW) -> Path:
    """A table with so many failed phases in so many runs."""
    runs = texts.runs_of(failed) if runs is None else runs
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "CREATE TABLE phases (run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT, last_failure_reason TEXT, "
            "PRIMARY KEY (run_id, phase_id))"
        )
        rows = (
            (f"run-{n % runs:03}", f"phase-{n // runs}-{n}", n // runs, "FAILED", texts.reason(n, runs))
            for n in range(failed)
        )
        database.executemany("INSERT INTO phases VALUES (?, ?, ?, ?, ?)", rows)
        database.commit()
    return path
