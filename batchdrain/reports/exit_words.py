"""Explains the exit code of a drain in one sentence."""

from __future__ import annotations

from typing import Final, NamedTuple

from batchdrain.planning.stop import SAME_NEW_FAILURE
from batchdrain.runtime.text import count_of, to_limit_percent, to_percent
from batchdrain.sessions.exit_code import is_kept_orphaned, kept_exit_code
from batchdrain.sessions.session import Session

_SIGNALS: Final = frozenset({"SIGHUP", "SIGINT", "SIGTERM"})


class Exit(NamedTuple):
    """An exit code and its reason, such as 'Exit code 1: 3 of 15 phases failed.'"""

    code: int
    why: str

    def __str__(self) -> str:
        return self.why


def explain_exit(session: Session, code: int, *, orphaned: bool) -> Exit:
    """`code`: the exit code of this session's drain; `orphaned`: nobody knows how some phase ended."""
    if code not in {0, 1}:
        because = session.stopped_because or "it was ended"
        return Exit(code, f"Exit code {code}: {'ended by ' if because in _SIGNALS else ''}{because}.")
    if session.wanted_rate is not None:
        return Exit(code, _explain_rate(session, code, session.wanted_rate, orphaned=orphaned))
    return Exit(code, f"Exit code {code}: {_explain_results(session, code, orphaned=orphaned)}.")


def explain_kept(session: Session) -> Exit | None:
    """The same for a session that ended some time ago; None if the code is unknown."""
    code = kept_exit_code(session)
    return None if code is None else explain_exit(session, code, orphaned=is_kept_orphaned(session))


def _explain_rate(session: Session, code: int, wanted: float, *, orphaned: bool) -> str:
    rate = session.success_rate
    if rate is None and code:
        return f"Exit code {code}: {_explain_results(session, code, orphaned=orphaned)}."
    if rate is None:
        return f"Exit code {code}: nothing was processed, so there is no rate to compare with the wanted {to_limit_percent(wanted)}."
    how = "is below" if rate < wanted else "reaches"
    held = f"the success rate of {to_percent(rate, wanted)} {how} the wanted {to_limit_percent(wanted)} (min_success_rate)"
    if code and rate >= wanted:
        is_broken = _is_broken(session)
        if orphaned and not is_broken:
            return f"Exit code {code}, though {held}: the result of some phase is unknown (Orphaned)."
        why = "the command fails the same way whatever the phase" if is_broken else "nothing was selected this time"
        return f"Exit code {code}, though {held}: {why} ({SAME_NEW_FAILURE if is_broken else '--fail-if-nothing'})."
    return f"Exit code {code}: {held}."


def _explain_results(session: Session, code: int, *, orphaned: bool) -> str:
    if code == 0:
        return "every phase that was processed succeeded" if session.total_processed else "there was nothing to do"
    if _is_broken(session):
        return f"the command fails the same way whatever the phase ({SAME_NEW_FAILURE})"
    if session.total_failed:
        return f"{session.total_failed} of {count_of(session.total_processed, 'phase')} failed"
    if orphaned:
        return "the result of some phase is unknown (Orphaned)"
    return "nothing was selected this time (--fail-if-nothing)"


def _is_broken(session: Session) -> bool:
    return (session.stopped_because or "").startswith(SAME_NEW_FAILURE)
