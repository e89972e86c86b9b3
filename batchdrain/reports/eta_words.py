"""Remaining times, in words for people."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

_IN_SECONDS: Final = 100
_IN_MINUTES: Final = 100
_LONGEST_S: Final = 365 * 86_400.0


def describe_eta(seconds: float | None, now: datetime, *, is_least: bool = False, with_clock: bool = True) -> str:
    """'ETA 14 min (09:41)', or 'ETA unknown' for None. `now`: aware, in the time zone of the readers."""
    if seconds is None:
        return "ETA unknown"
    seconds = min(seconds, _LONGEST_S)
    span = ("at least " if is_least else "") + to_span(math.ceil(seconds))
    if not with_clock or seconds < _IN_SECONDS:
        return f"ETA {span}"
    at = now + timedelta(seconds=seconds)
    return f"ETA {span} ({at:%H:%M})" if at.date() == now.date() else f"ETA {span} ({at:%d %b %H:%M})"


def to_span(seconds: float) -> str:
    """'14 s', '3 min', '2 h 05 min'."""
    if seconds < _IN_SECONDS:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < _IN_MINUTES else f"{minutes // 60} h {minutes % 60:02d} min"
