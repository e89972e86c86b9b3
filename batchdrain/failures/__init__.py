"""Failure texts: their category, and which of them are the same failure. Everything follows from the text alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from batchdrain.failures.categories import categorise
    from batchdrain.failures.fingerprints import fingerprint

__all__ = ["categorise", "fingerprint"]


def __getattr__(name: str) -> object:
    # Imported on first use: importing a single file of this package should not load the rules.
    if name == "categorise":
        from batchdrain.failures.categories import categorise

        return categorise
    if name == "fingerprint":
        from batchdrain.failures.fingerprints import fingerprint

        return fingerprint
    raise AttributeError(f"module 'batchdrain.failures' has no attribute {name!r}")
