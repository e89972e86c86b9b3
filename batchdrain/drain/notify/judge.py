"""Decides whether an end is notified and how long that may take, and describes what went wrong with it. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from batchdrain.config.redaction import Redact
from batchdrain.config.settings import Notify
from batchdrain.drain.words import log_of, words_of
from batchdrain.execution.guardian_client import NotEndedError
from batchdrain.execution.order import EndedBy, Ending
from batchdrain.failures.exit_codes import words_of_silence
from batchdrain.failures.suffix import describe_end
from batchdrain.model.errors import FilesUnavailable
from batchdrain.runtime.text import agree, count_of
from batchdrain.sessions.session import Session, Status

LONGEST_S: Final = 30.0
_LEAST_S: Final = 1.0
_LEAVES_S: Final = 1.0
"""Seconds for what follows: the end of the guardian and that of the process."""
_WORD_OF: Final = {Status.COMPLETE: "complete", Status.STOPPED: "stopped"}


def is_wanted(notify: Notify, session: Session) -> bool:
    """Whether the settings ask for a notice of this end."""
    ended = _WORD_OF.get(session.current_status, "interrupted")
    return bool(notify.argv) and (ended in notify.on or ("failures" in notify.on and session.total_failed > 0))


def find_time_s(gone_by: float | None, now: float) -> float:
    """How many seconds the command may take; 0.0 if there is no time for it. `gone_by`: when this process has to be gone; None:
    nobody asked for that. Both are monotonic."""
    left_s = LONGEST_S if gone_by is None else min(LONGEST_S, gone_by - now - _LEAVES_S)
    return left_s if left_s >= _LEAST_S else 0.0


def describe_error(error: OSError | FilesUnavailable, folder: Path) -> str:
    """Why there is no ending, in one line. `folder`: where its files are, named if the error names no file."""
    if isinstance(error, NotEndedError):
        return f"can't be ended: {error}"
    if isinstance(error, FilesUnavailable):  # no thread can be started for it
        return f"was not started: {error.message}"
    return f"was not started: {error.filename or folder}: {error.strerror or error}"


def describe_problem(
    ending: Ending, redact: Redact, paths: tuple[str, str], *, within_s: float, signalled_by: str = ""
) -> str:
    """What went wrong, in one line; '' if nothing did. `paths`: stdout and stderr, as they are shown; `signalled_by`: the signal
    that came meanwhile, '' for none."""
    words, spoke = words_of(ending, redact)
    log = log_of(ending, spoke, paths)
    more = f" (log: {log})" if log else ""
    if ending.by is EndedBy.TIMEOUT:
        return f"took longer than {within_s:.0f} s, and was ended{more}"
    if ending.by is EndedBy.INTERRUPT:
        return f"was ended by {signalled_by or 'a signal'}{more}"
    if ending.by is EndedBy.NOT_STARTED:
        return f"was not started: {redact(ending.message)}"
    if ending.by is not EndedBy.EXIT:
        return f"did not end: {redact(ending.message)}{more}"
    if ending.exit_code != 0:
        end = describe_end(ending.exit_code, ending.signal, ending.cpu_s, ending.max_rss_kb)
        return f"failed: {words or words_of_silence(ending.signal)} [{end}]{more}"
    if ending.left_over:
        left = count_of(ending.left_over, "process", "processes")
        return f"left {left} behind, which {agree(ending.left_over, 'was', 'were')} ended"
    return ""
