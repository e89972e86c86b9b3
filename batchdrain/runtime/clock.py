"""Times in the form that batchdrain writes: aware, UTC, ISO 8601 with Z."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

_FIRST_MS: Final = -62_135_596_800_000 + 86_400_000 * 366  # leaves a year, so that times can be counted back from it
_LAST_MS: Final = 253_402_300_799_000 - 86_400_000 * 366


def now() -> datetime:
    """The present time, aware, UTC."""
    return datetime.now(UTC)


def to_iso(moment: datetime) -> str:
    """2025-12-28T12:00:00Z, with microseconds only if there are any. `moment` is aware."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_shown(moment: datetime) -> str:
    """The time for people, in whole seconds. `moment` is aware."""
    return to_iso(moment.astimezone(UTC).replace(microsecond=0))


def from_ms(epoch_ms: int) -> datetime:
    """`epoch_ms`: milliseconds since 1970, as the ledger stores them. A value outside the calendar becomes a date near its
    first or last day."""
    return datetime.fromtimestamp(min(max(epoch_ms, _FIRST_MS), _LAST_MS) / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded. `moment` is aware."""
    return round(moment.timestamp() * 1000)
