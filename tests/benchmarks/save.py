"""What a session of 10 000 results costs after each phase, against appends with fdatasync in the same folder."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.record import SessionRecord
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session
from tests.benchmarks.bench import Bench
from tests.benchmarks.figure import Figure

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def measure(bench: Bench) -> list[Figure]:
    size, adds = bench.sizes.results
    place = SessionFolder(bench.folder / "sessions")
    place.prepare()
    name = place.new_id(MOMENT)
    session = Session(session_id=name, session_uid="u" * 32, started_at=MOMENT, results=[_result(n) for n in range(size)])
    record = SessionRecord(session, place, place.lock(name))
    record.add(_result(size), _event(size))
    record.settle()
    line = place.events_path(name).read_bytes()
    pairs = []
    for number in range(bench.sizes.pairs):
        first = size + 1 + number * adds
        pairs.append((_record(record, range(first, first + adds)), 3 * _append(bench.folder / "appended", line, adds)))
    record.close()
    return [Figure.of("save", pairs, note="by the clock", results=size)]


def _record(record: SessionRecord, numbers: range) -> float:
    """Milliseconds of one result."""
    started = time.perf_counter()
    for number in numbers:
        record.add(_result(number), _event(number))
        record.settle()
    return (time.perf_counter() - started) / len(numbers) * 1000


def _append(path: Path, line: bytes, count: int) -> float:
    """Milliseconds of one durable append."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    started = time.perf_counter()
    for _ in range(count):
        os.write(fd, line)
        os.fdatasync(fd)
    elapsed = time.perf_counter() - started
    os.close(fd)
    return elapsed / count * 1000


def _result(number: int) -> Result:
    return Result(
        run_id=f"run-{number % 50}", phase_id=f"phase-{number}", phase_index=number, initial_state="FAILED", final_state="FAILED",
        success=False, error_message=f"AssertionError: assert {number} == 1 [exit code 1; log: .autonomous_runs/x/{number}.txt]",
        timestamp=MOMENT, attempt=1, category="other", fingerprint="assertionerror assert *", exit_code=1, duration_s=0.5,
        stdout_path=f".autonomous_runs/x/{number}.stdout.txt", stderr_path=f".autonomous_runs/x/{number}.stderr.txt",
    )  # fmt: skip


def _event(number: int) -> dict[str, object]:
    found = _result(number)
    return {
        "run_id": found.run_id, "phase_id": found.phase_id, "epoch": 1, "attempt": 1, "outcome": "failed", "final_state": "FAILED",
        "success": False, "category": "other", "fingerprint": found.fingerprint, "exit_code": 1, "duration_s": 0.5, "left_over": 0,
        "reason": found.error_message, "retry_at": None,
    }  # fmt: skip
