"""What a short task says: lines for people as they come, or one JSON object at its end that has them and its facts."""

from __future__ import annotations

from typing import Any

from batchdrain.cli.screens.writer import Output
from batchdrain.runtime.json_text import to_json


class LinesOrJson:
    """Of one call of a task."""

    def __init__(self, shape: str) -> None:
        """`shape`: of what is printed. Where it is not 'json', lines for people."""
        self._is_json = shape == "json"
        self._out = Output()
        self._lines: list[str] = []

    def line(self, text: str = "") -> None:
        """One line."""
        if self._is_json:
            self._lines.append(text)
        else:
            self._out.line(text)

    def end(self, code: int, **facts: Any) -> int:
        """Nothing more comes. Returns the code."""
        if self._is_json:
            self._out.json(to_json({**facts, "said": self._lines}, indent=True).decode())
        return code
