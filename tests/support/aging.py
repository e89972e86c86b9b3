"""What a drain left, as if it had been long ago: sessions, their ledger, their attempts."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from tests.support.workplace import Workplace

DAY_MS = 86_400_000


def age(work: Workplace, days: float, *session_ids: str) -> None:
    """All sessions, or these, and all attempts."""
    for path in work.session_files():
        if not session_ids or path.stem in session_ids:
            found = _older(json.loads(path.read_text()), days)
            path.write_text(json.dumps(found))
            path.chmod(0o600)
    names = " OR ".join(f"name LIKE 'session/{one}/%'" for one in session_ids or ("%",))
    for name, value in work.sql(f"SELECT name, value FROM batchdrain_meta WHERE {names}"):
        older = json.dumps(_older(json.loads(value), days))
        work.sql("UPDATE batchdrain_meta SET value = :value WHERE name = :name", [{"value": older, "name": name}])
    back = round(days * DAY_MS)
    work.sql(f"UPDATE batchdrain_attempt SET started_ms = started_ms - {back}, ended_ms = ended_ms - {back}")


def _older(session: dict[str, object], days: float) -> dict[str, object]:
    for name in ("started_at", "completed_at"):
        if (moment := session.get(name)) is not None:
            session[name] = (datetime.fromisoformat(str(moment)) - timedelta(days=days)).isoformat()
    return session
