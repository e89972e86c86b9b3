"""The exit code of a drain, where its results decide it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchdrain.planning.stop import SAME_NEW_FAILURE
from batchdrain.sessions.session import BY_NOTHING, BY_ORPHANS, Session, Status
from batchdrain.sessions.whole import parts_of

_BY_SIGNAL: Final = {"SIGHUP": 129, "SIGINT": 130, "SIGTERM": 143}
_LEAST_OF_SIGNALS: Final = 128


def exit_code_of(session: Session, wanted: float | None, *, orphaned: bool) -> int:
    """0, or 1 if a phase failed or was `orphaned` without a result. With a `wanted` rate and no orphan, 1 only if the success
    rate is below it. Always 1 if the command failed the same way whatever the phase."""
    if (session.stopped_because or "").startswith(SAME_NEW_FAILURE):
        return 1
    rate = session.success_rate
    if wanted is not None and rate is not None and not orphaned:
        return 1 if rate < wanted else 0
    return 1 if session.total_failed or orphaned else 0


def kept_exit_code(session: Session) -> int | None:
    """The exit code of a session or chain that ended some time ago, whatever ended it. None if it cannot be known: it has not
    ended, its process died, or its version did not store the exit code of an error."""
    status, codes = session.current_status, [part.drain_exit_code for part in parts_of(session)]
    if status is Status.RUNNING:
        return None
    if (decided := _find_decided(codes)) is not None:
        return decided
    by_signal = _BY_SIGNAL.get(session.stopped_because or "") if status is Status.INTERRUPTED else None
    if by_signal is not None or (status is Status.INTERRUPTED and None in codes):
        return by_signal
    by_nothing = any(part.drain_exit_by == BY_NOTHING for part in parts_of(session))
    return exit_code_of(session, session.wanted_rate, orphaned=is_kept_orphaned(session)) or int(by_nothing)


def is_kept_orphaned(session: Session) -> bool:
    """Whether a phase was orphaned, so that nobody knows its outcome. If the drain did not keep that, the exit code tells: it is
    1 although the results alone would give 0."""
    return any(_is_orphaned(part) for part in parts_of(session))


def find_exit_by(session: Session, code: int, *, orphaned: bool, by_nothing: bool) -> str | None:
    """Find what makes the exit `code` of this drain 1 although its results do not. `by_nothing`: nothing was executed, and the
    user asked for a failure then; in a chain the results of the other part may be good."""
    if by_nothing and code == 1:
        return BY_NOTHING
    return BY_ORPHANS if orphaned and code == 1 and not exit_code_of(session, session.wanted_rate, orphaned=False) else None


def _is_orphaned(part: Session) -> bool:
    if part.drain_exit_by is not None:
        return part.drain_exit_by == BY_ORPHANS
    return part.drain_exit_code == 1 and exit_code_of(part, part.wanted_rate, orphaned=False) == 0


def _find_decided(codes: Sequence[int | None]) -> int | None:
    """The code of a signal, else that of the worst error; None if the results decide."""
    found = [code for code in codes if code is not None and code > 1]
    return next((code for code in found if code > _LEAST_OF_SIGNALS), max(found, default=None))
