"""The output of a short task: lines for people as they come, or at the end one JSON object with these lines and its facts."""

from __future__ import annotations

from typing import Any

from batchdrain.cli.screens.writer import Output
from batchdrain.runtime.json_text import to_json


class LinesOrJson:
    """The output of one call of a task."""

    def __init__(self, shape: str) -> None:
        """`shape`: the format; lines for people are printed unless it is 'json'."""
        self._is_json = shape == "json"
        self._out = Output()
        self._lines: list[str] = []

    def line(self, text: str = "") -> None:
        """Print one line, or keep it for the JSON object."""
        if self._is_json:
            self._lines.append(text)
        else:
            self._out.line(text)

    def end(self, code: int, **facts: Any) -> int:
        """End the output; `facts` become fields of the JSON object. Returns the code."""
        if self._is_json:
            self._out.json(to_json({**facts, "said": self._lines}, indent=True).decode())
        return code
