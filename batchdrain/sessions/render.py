"""A session's facts as JSON: for its file, for its events, for the ledger."""

from __future__ import annotations

from batchdrain.runtime.json_text import to_json
from batchdrain.sessions.result import Result


def render_result(result: Result) -> bytes:
    """As it stands in the file. A session keeps it for every result."""
    # orjson's own bytes hold on to the 8 kB that it wrote into: a copy has no more than it needs.
    return bytes(memoryview(to_json(result.model_dump(mode="json"))))
