"""What people say by flags, to be kept in the ledger: texts and moments."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from batchdrain.model.errors import UsageError
from batchdrain.runtime.text import to_storable

LONGEST: Final = 500
_DURATION: Final = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_UNIT_S: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def kept_text(flag: str, given: str | None) -> str | None:
    """A flag's text; None when it is not given. Raises UsageError."""
    if given is None:
        return None
    if not given.strip():
        raise UsageError(f"{flag}: is empty", remedy="say something, or leave the flag out")
    if len(given) > LONGEST or to_storable(given) != given:
        raise UsageError(f"{flag}: expected at most {LONGEST} characters of valid text")
    return given


def moment(flag: str, given: str | None, now: datetime) -> datetime | None:
    """7d or 12h from now, a date (UTC, to the day's end), or a date and time (UTC where it names no zone). None when it
    is not given. Raises UsageError, also for what is over."""
    if given is None:
        return None
    try:
        found = _moment(given.strip(), now)
    except (ValueError, OverflowError):
        raise UsageError(
            f"{flag}: expected a date (2026-03-01), a date and time (2026-03-01T12:00Z) or a duration (7d, 12h), "
            f"got {given[:80]!r}"
        ) from None
    if found <= now:
        raise UsageError(f"{flag}: {given.strip()} is over already", remedy="name a later one")
    return found


def _moment(text: str, now: datetime) -> datetime:
    duration = _DURATION.fullmatch(text)
    if duration is not None:
        return now.replace(microsecond=0) + timedelta(seconds=int(duration[1]) * _UNIT_S[duration[2]])
    if _DATE.fullmatch(text):
        day = date.fromisoformat(text) + timedelta(days=1)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    if not _DATE.match(text):
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
