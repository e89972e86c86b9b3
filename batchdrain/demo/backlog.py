"""The demo's sample database: runs whose phases failed for the reasons of real build systems."""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from batchdrain.demo.reasons import SAMPLES
from batchdrain.demo.worker import SOAK

APPLICATION_ID: Final = 0x62644431
"""`PRAGMA application_id` of a database that make_backlog wrote."""

RUNS: Final = (
    "build130-schema-validation-prevention",
    "build131-report-export-fixes",
    "build134-dependency-upgrade",
    "research-system-v1",
    "research-system-v2",
    "telemetry-rollup-v3",
    "billing-ledger-v4",
    "file-organiser-beta-20251203",
    "nightly-regression-20251227",
    "search-index-migration-v1",
    "docs-refresh-v2",
    "release-2025-12",
)
_WEIGHTS: Final = (9, 4, 2, 8, 6, 3, 5, 2, 7, 3, 1, 2)
_STEMS: Final = ("foundation", "implementation", "integration", "test-coverage", "documentation", "review", "hardening")
_CATEGORIES: Final = (
    *("unknown", "transient", "collection", "deliverable", "patch", "timeout", "other"),
    *("unknown",) * 7,
    *("transient",) * 3,
    *("collection",) * 5,
    *("deliverable",) * 5,
    *("patch",) * 13,
    *("timeout",) * 4,
    *("other",) * 15,
)
_HANGS: Final = 7
"""The position in _CATEGORIES, one of the unknown, whose phase is the soak test that hangs: one in 60 phases."""
_AREAS: Final = ("billing", "catalogue", "ingest", "ledger", "payments", "reports", "search", "telemetry")
_PARTS: Final = ("aggregator", "cache", "client", "exporter", "loader", "parser", "registry", "schema")
_START: Final = datetime(2025, 12, 27, 6, tzinfo=UTC)
_TABLE: Final = """
CREATE TABLE phases (
    run_id TEXT, phase_id TEXT, phase_index INTEGER, state TEXT NOT NULL, last_failure_reason TEXT, updated_at TEXT,
    PRIMARY KEY (run_id, phase_id)
)
"""

_Row = tuple[str, str, int, str, str | None, str]


def make_backlog(path: Path, *, phases: int = 60, seed: int = 7) -> dict[str, int]:
    """Write a sample database with that many FAILED phases, 1 to 100,000; the same seed gives the same rows.

    The file appears whole or not at all, and replaces an earlier demo database. Returns the counts by state. Raises
    ValueError for a number of phases out of range, FileExistsError for a file that is not a demo database, OSError.
    """
    if not 1 <= phases <= 100_000:
        raise ValueError(f"phases must be from 1 to 100000, not {phases}")
    path = path.resolve()
    require_free(path)
    counts = {"FAILED": phases, "QUEUED": phases // 4, "COMPLETE": phases * 2 // 3}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    try:
        _write(name, counts, seed)
        # Before the move: SQLite would replay an old log into the new database.
        for companion in _companions_of(path):
            companion.unlink(missing_ok=True)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    return counts


def require_free(path: Path) -> None:
    """Raises FileExistsError for a file that is not a demo database."""
    path = path.resolve()
    if not _is_ours(path):
        for found in [path, *_companions_of(path)]:
            if found.exists():
                raise FileExistsError(f"{found} is not of a demo database: name another file, or move it away")


def _companions_of(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "-journal")]


def _is_ours(path: Path) -> bool:
    # From the header's bytes: opening a foreign database could recover or lock it.
    if not path.is_file():
        return False
    with path.open("rb") as file:
        header = file.read(72)
    return header.startswith(b"SQLite format 3\0") and header[68:] == APPLICATION_ID.to_bytes(4, "big")


def _write(name: str, counts: dict[str, int], seed: int) -> None:
    with closing(sqlite3.connect(name, isolation_level=None)) as database:
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        database.execute(_TABLE)
        database.execute("BEGIN")
        database.executemany("INSERT INTO phases VALUES (?, ?, ?, ?, ?, ?)", _rows(counts, seed))
        database.execute("COMMIT")


def _rows(counts: dict[str, int], seed: int) -> Iterator[_Row]:
    """The phases run by run: complete and failed ones mixed, then the queued ones."""
    rng = random.Random(seed)  # noqa: S311 - sample rows that must repeat, no secrets
    runs = RUNS[: counts["FAILED"]]
    failed = list(range(counts["FAILED"]))
    rng.shuffle(failed)
    shares = {state: _shares(rng, count, len(runs)) for state, count in counts.items()}
    for run, run_id in enumerate(runs):
        states = ["FAILED"] * shares["FAILED"][run] + ["COMPLETE"] * shares["COMPLETE"][run]
        rng.shuffle(states)
        states += ["QUEUED"] * shares["QUEUED"][run]
        for index, state in enumerate(states):
            stem, reason = _STEMS[index % len(_STEMS)], None
            if state == "FAILED":
                number = failed.pop()
                reason = _reason(rng, _CATEGORIES[number % len(_CATEGORIES)])
                if number % len(_CATEGORIES) == _HANGS:
                    stem = SOAK
            updated_at = _START + timedelta(minutes=rng.randrange(1440))
            yield run_id, f"phase-{index}-{stem}", index, state, reason, updated_at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _shares(rng: random.Random, count: int, runs: int) -> list[int]:
    """`count` things dealt out to the runs: at least one each where they suffice, the rest by weight."""
    shares = [min(1, count // runs)] * runs
    for run in rng.choices(range(runs), _WEIGHTS[:runs], k=count - sum(shares)):
        shares[run] += 1
    return shares


def _reason(rng: random.Random, category: str) -> str | None:
    if category == "unknown":
        return None
    return rng.choice(SAMPLES[category]).format(
        area=rng.choice(_AREAS), part=rng.choice(_PARTS), number=rng.randrange(10, 10_000), few=rng.randrange(2, 10)
    )
