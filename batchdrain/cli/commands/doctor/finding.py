"""What the doctor found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One check: sound, or wrong with its cure."""

    check: str  #: what was looked at
    ok: bool
    said: str
    cure: str = ""
    code: int = 78  #: the exit code, where it is not ok
