"""Limits that were requested and had no effect, as far as only the end of a session can show it."""

from __future__ import annotations

from batchdrain.drain.loop import Drain
from batchdrain.drain.open_session import OpenSession
from batchdrain.drain.request import MAX_ATTEMPTS
from batchdrain.drain.retry import RETRIED
from batchdrain.sessions.session import Session


def tell_idle_limits(it: OpenSession, drain: Drain) -> None:
    """Write these limits into the session. They replace what an earlier end of the session said."""
    session = it.record.session
    known = [line for line in session.without_effect if not line.startswith(f"{MAX_ATTEMPTS}=")]
    session.without_effect = known + _find_idle_limits(it, drain)


def _find_idle_limits(it: OpenSession, drain: Drain) -> list[str]:
    """--max-attempts if nothing could be tried again. This is known only at the end."""
    session, attempts = it.record.session, it.request.settings.retry.max_attempts
    progress = it.record.progress()  # in a chain this includes its other session
    if MAX_ATTEMPTS not in it.request.flags or progress.results == progress.successes:
        return []
    if drain.executed > session.total_processed or it.record.counts.is_tried_again or has_transient(session):
        return []
    return [f"{MAX_ATTEMPTS}={attempts}: no failure was transient, and only transient failures are tried again"]


def has_transient(session: Session) -> bool:
    """Whether a phase failed in a way that is tried again."""
    return any(result.category == RETRIED for result in session.results if not result.success)
