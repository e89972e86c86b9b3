"""Times as batchdrain writes them: aware, UTC, ISO 8601 with Z."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Aware, UTC."""
    return datetime.now(UTC)


def to_iso(moment: datetime) -> str:
    """2025-12-28T12:00:00Z; with microseconds only where there are any. `moment` is aware."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_ms(epoch_ms: int) -> datetime:
    """`epoch_ms`: milliseconds since 1970, as the ledger keeps them."""
    return datetime.fromtimestamp(epoch_ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded. `moment` is aware."""
    return round(moment.timestamp() * 1000)
