"""Reads every attempt of a session from its event log: when, how long, with which time limit. Reads only.

The log is written as things happen and may lack its end. A line that cannot be read is skipped; the totals of a report come
from the session's file.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from batchdrain.model.states import Outcome
from batchdrain.runtime import folders
from batchdrain.sessions.events import Event
from batchdrain.sessions.session import Session

LARGEST: Final = 256 * 2**20
"""At most this many bytes of a log are read."""
_BEGINS: Final = frozenset({Event.SESSION_STARTED.value, Event.SESSION_RESUMED.value})


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSpan:
    """One attempt that ended."""

    run_id: str
    phase_id: str
    started_s: float  #: seconds since 1970
    duration_s: float
    outcome: str  #: a value of `Outcome`
    category: str  #: the category of its failure; for a success, that of the failure before
    limit_s: float | None  #: its time limit; None if unknown
    host: str  #: the host of its controller; '' if unknown


def read_attempts(path: Path, session: Session) -> list[AttemptSpan]:
    """The attempts, in the order in which they ended. Without a log: the last attempt of each phase, from the session's
    file."""
    try:
        fd = folders.open_file(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return [*_spans_of(session)]
    with os.fdopen(fd, "rb") as file:
        return [*_read(file.read(LARGEST).splitlines())] or [*_spans_of(session)]


def _read(lines: Iterable[bytes]) -> Iterator[AttemptSpan]:
    limits: dict[tuple[str, str], float] = {}
    host = ""
    for line in lines:
        with suppress(ValueError, TypeError, KeyError, RecursionError, OverflowError):
            found = json.loads(line)
            name = found["event"]
            if name in _BEGINS:
                host = str(found.get("host") or "")
            elif name == Event.PHASE_STARTED:
                limits[str(found["run_id"]), str(found["phase_id"])] = _to_seconds(found["timeout_s"])
            elif name == Event.PHASE_FINISHED:
                yield _to_span(found, limits.get((str(found["run_id"]), str(found["phase_id"]))), host)


def _to_span(found: dict[str, Any], limit_s: float | None, host: str) -> AttemptSpan:
    """Raises ValueError, TypeError or KeyError if the event describes no attempt."""
    duration_s = _to_seconds(found["duration_s"])
    return AttemptSpan(
        run_id=str(found["run_id"]),
        phase_id=str(found["phase_id"]),
        started_s=datetime.fromisoformat(found["timestamp"]).timestamp() - duration_s,
        duration_s=duration_s,
        outcome=str(found["outcome"]),
        category=str(found.get("category") or ""),
        limit_s=limit_s,
        host=host,
    )


def _to_seconds(found: Any) -> float:
    """JSON may say infinite: nothing can be drawn with that. Raises ValueError, TypeError."""
    seconds = float(found)
    if not math.isfinite(seconds):
        raise ValueError(found)
    return max(0.0, seconds)


def _spans_of(session: Session) -> Iterator[AttemptSpan]:
    for result in session.results:
        if result.timestamp is None or result.duration_s is None:
            continue
        failed = Outcome.TIMEOUT if result.has_timed_out else Outcome.FAILED
        yield AttemptSpan(
            run_id=result.run_id,
            phase_id=result.phase_id,
            started_s=result.timestamp.timestamp() - result.duration_s,
            duration_s=result.duration_s,
            outcome=(Outcome.COMPLETE if result.success else failed).value,
            category=result.category or "",
            limit_s=None,
            host="",
        )
