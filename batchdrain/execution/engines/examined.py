"""What an engine says of itself to `inv doctor`, where it has a method `examine`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was looked at."""

    message: str
    ok: bool = True
    is_warning: bool = False  #: a drain goes, and something may surprise
    cure: str = ""
