"""What an engine reports to `inv doctor`, if it has a method `examine`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """One thing that was examined."""

    message: str
    ok: bool = True
    is_warning: bool = False  #: a drain works, but something may surprise
    cure: str = ""
