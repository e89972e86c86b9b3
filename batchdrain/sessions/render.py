"""A session's facts as JSON: for its file, for its events, for the ledger."""

from __future__ import annotations

import json
from typing import Any

import orjson

from batchdrain.runtime import clock
from batchdrain.sessions.result import Result


def rendered(result: Result) -> bytes:
    """As it stands in the file. A session keeps it for every result."""
    # orjson's own bytes hold on to the 8 kB that it wrote into: a copy has no more than it needs.
    return bytes(memoryview(dumps(result.model_dump(mode="json"))))


def dumps(found: dict[str, Any], option: int = 0) -> bytes:
    """JSON of what may come from a file of the earlier program: orjson refuses numbers beyond 64 bits."""
    try:
        return orjson.dumps(found, option=option)
    except TypeError:
        return json.dumps(found, allow_nan=False, indent=2 if option else None).encode()


def facts_of(result: Result, *, outcome: str, epoch: int, left_over: int = 0) -> dict[str, Any]:
    """The fields of phase.finished. `left_over`: processes that the command left behind."""
    return {
        "run_id": result.run_id,
        "phase_id": result.phase_id,
        "epoch": epoch,
        "attempt": result.attempt,
        "outcome": outcome,
        "final_state": result.final_state,
        "success": result.success,
        "category": result.category,
        "fingerprint": result.fingerprint,
        "exit_code": result.exit_code,
        "duration_s": result.duration_s,
        "left_over": left_over,
        "reason": result.error_message,
        "retry_at": None if result.retry_at is None else clock.to_iso(result.retry_at),
    }
