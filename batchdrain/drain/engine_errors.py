"""When an engine is given up: its errors are alike, so many in a row."""

from __future__ import annotations

from typing import Final

from batchdrain.failures import fingerprint

MOST: Final = 3


class EngineErrors:
    """Those since it last executed something to its end."""

    def __init__(self) -> None:
        self._last = ""
        self._count = 0

    def add(self, what: str) -> bool:
        """Another one. Returns whether there are too many alike in a row now."""
        masked = fingerprint(what)
        self._count = self._count + 1 if masked == self._last else 1
        self._last = masked
        return self._count >= MOST

    def clear(self) -> None:
        """It executes."""
        self._count = 0
