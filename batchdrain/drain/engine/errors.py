"""Decides when an engine is given up: after this many similar errors in a row."""

from __future__ import annotations

from typing import Final

from batchdrain.failures import fingerprint

MOST: Final = 3


class EngineErrors:
    """Counts the errors since the engine last executed an order to its end."""

    def __init__(self) -> None:
        self._last = ""
        self._count = 0

    def add(self, what: str) -> bool:
        """Count an error. Returns whether there are too many similar errors in a row now."""
        masked = fingerprint(what)
        self._count = self._count + 1 if masked == self._last else 1
        self._last = masked
        return self._count >= MOST

    def clear(self) -> None:
        """Forget the errors, because the engine has executed an order."""
        self._count = 0
