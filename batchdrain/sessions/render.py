"""Renders a session's results as JSON, for its file."""

from __future__ import annotations

from batchdrain.runtime.json_text import to_json
from batchdrain.sessions.result import Result


def render_result(result: Result) -> bytes:
    """The result as it is written to the file. A session keeps these bytes for every result."""
    # The bytes that orjson returns keep its whole 8 kB buffer alive; a copy takes only what it needs.
    return bytes(memoryview(to_json(result.model_dump(mode="json"))))
