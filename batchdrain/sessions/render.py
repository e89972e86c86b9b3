"""A session's facts as JSON: for its file, for its events, for the ledger."""

from __future__ import annotations

import json
from typing import Any

import orjson

from batchdrain.sessions.result import Result


def render_result(result: Result) -> bytes:
    """As it stands in the file. A session keeps it for every result."""
    # orjson's own bytes hold on to the 8 kB that it wrote into: a copy has no more than it needs.
    return bytes(memoryview(dumps(result.model_dump(mode="json"))))


def dumps(found: dict[str, Any], option: int = 0) -> bytes:
    """JSON of what may come from a file of the earlier program: orjson refuses numbers beyond 64 bits."""
    try:
        return orjson.dumps(found, option=option)
    except TypeError:
        return json.dumps(found, allow_nan=False, indent=2 if option else None).encode()
