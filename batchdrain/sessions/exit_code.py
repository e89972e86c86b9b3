"""What a drain of a session exits with, as far as its results decide. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from batchdrain.planning.stop import SAME_NEW_FAILURE
from batchdrain.sessions.session import BY_NOTHING, BY_ORPHANS, Session, Status
from batchdrain.sessions.whole import parts_of

_BY_SIGNAL: Final = {"SIGHUP": 129, "SIGINT": 130, "SIGTERM": 143}
_LEAST_OF_SIGNALS: Final = 128


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
    """The same of a session, or of a chain, that ended some time ago, whatever ended it. None where nobody can tell: it has not
    ended, its process died, or it is of a version that did not keep what an error made of it."""
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
    """Whether nobody knew what became of some phase, as far as that was kept. Of a session whose drain did not keep it the code
    tells: the results do not make it one."""
    return any(_is_orphaned(part) for part in parts_of(session))


def find_exit_by(session: Session, code: int, *, orphaned: bool, by_nothing: bool) -> str | None:
    """What makes the `code` of its drain 1, where the results do not. `by_nothing`: nothing was executed, and that is to fail:
    of a chain the others' results may be good ones."""
    if by_nothing and code == 1:
        return BY_NOTHING
    return BY_ORPHANS if orphaned and code == 1 and not exit_code_of(session, session.wanted_rate, orphaned=False) else None


def _is_orphaned(part: Session) -> bool:
    if part.drain_exit_by is not None:
        return part.drain_exit_by == BY_ORPHANS
    return part.drain_exit_code == 1 and exit_code_of(part, part.wanted_rate, orphaned=False) == 0


def _find_decided(codes: Sequence[int | None]) -> int | None:
    """Of a signal, else of the worst error; None where the results decide."""
    found = [code for code in codes if code is not None and code > 1]
    return next((code for code in found if code > _LEAST_OF_SIGNALS), max(found, default=None))
