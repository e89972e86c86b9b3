"""Recomputes the fingerprints of a session that was written under other rules, so that clusters it parked stay parked."""

from __future__ import annotations

from batchdrain.failures.fingerprints import VERSION
from batchdrain.failures.kept_fingerprint import KeptFingerprint
from batchdrain.sessions.session import Session


def renew_fingerprints(session: Session) -> None:
    """Recompute all fingerprints from the results; does nothing if they are current. A failure without a result stays counted
    by its former fingerprint."""
    if session.fingerprint_version == VERSION:
        return
    renewed: dict[str, str] = {}
    counts: dict[str, int] = {}
    for result in session.results:
        former = result.fingerprint
        if not former:
            continue
        kept = KeptFingerprint(fingerprint=former, version=session.fingerprint_version, example=result.error_message or "")
        result.fingerprint = renewed[former] = kept.current or renewed.get(former, former)
        if not result.success and result.retry_at is None:
            counts[result.fingerprint] = counts.get(result.fingerprint, 0) + 1
    untold = {former: count for former, count in session.fingerprint_counts.items() if former not in renewed}
    session.fingerprint_counts = {**untold, **counts}
    session.fingerprint_version = VERSION
