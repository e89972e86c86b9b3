"""Failure texts: of which category they are, and which are the same failure again. Of the text alone."""

from __future__ import annotations

from batchdrain.failures.categories import categorise
from batchdrain.failures.fingerprints import fingerprint

__all__ = ["categorise", "fingerprint"]
