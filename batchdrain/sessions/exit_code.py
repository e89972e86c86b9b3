"""What a drain of a session exits with, as far as its results decide. Pure."""

from __future__ import annotations

from typing import Final

from batchdrain.planning.stop import SAME_NEW_FAILURE
from batchdrain.sessions.session import Session, Status

_BY_SIGNAL: Final = {"SIGHUP": 129, "SIGINT": 130, "SIGTERM": 143}


def exit_code_of(session: Session, wanted: float | None, *, orphaned: bool) -> int:
    """0, or 1 when some phase failed, or was `orphaned` and has no result; with a `wanted` rate only when the rate is below
    it, or when there is none for that reason. 1 in any case where the command fails whatever the phase."""
    if (session.stopped_because or "").startswith(SAME_NEW_FAILURE):
        return 1
    rate = session.success_rate
    if wanted is not None and rate is not None and not orphaned:
        return 1 if rate < wanted else 0
    return 1 if session.total_failed or orphaned else 0


def kept_exit_code(session: Session) -> int | None:
    """The same of a session that ended some time ago; None where it has not ended, or what ended it decided."""
    status = session.current_status
    if status in {Status.COMPLETE, Status.STOPPED}:
        return exit_code_of(session, session.wanted_rate, orphaned=False)
    return _BY_SIGNAL.get(session.stopped_because or "") if status is Status.INTERRUPTED else None
