"""The first lines of the page."""

from __future__ import annotations

from collections.abc import Iterator

from batchdrain.reports.beside import Beside
from batchdrain.reports.forecast_words import describe_outcome
from batchdrain.reports.left_over import describe_left
from batchdrain.reports.metrics import describe_attempts, metrics_of
from batchdrain.reports.worst import describe_waiting
from batchdrain.runtime.text import count_of, to_limit_percent, to_percent
from batchdrain.sessions.session import Session


def judge(session: Session) -> str:
    """The headline."""
    if not session.total_processed:
        return "Nothing was drained"
    phases = count_of(session.total_processed, "phase")
    return f"{session.total_failed} of {phases} failed" if session.total_failed else f"{phases} drained, none failed"


def facts_of(session: Session, beside: Beside) -> Iterator[tuple[str, str]]:
    """(name, value) of the facts that explain the headline; a value may be empty."""
    yield "Why this exit code", "" if beside.ended is None else beside.ended.why
    yield "Stopped because", session.stopped_because or ""
    yield "Left undone", describe_left(session)
    yield "Retries", describe_waiting(session, ())
    yield "Attempts", describe_attempts(session)
    yield "Forecast", describe_outcome(session)
    yield from ((f"Metric {name}", value) for name, value in metrics_of(session))


def totals_of(session: Session) -> list[tuple[str, str]]:
    """(name, number) of each total."""
    rate, wanted = session.success_rate, session.wanted_rate
    found = [
        ("processed", str(session.total_processed)),
        ("succeeded", str(session.total_success)),
        ("failed", str(session.total_failed)),
        ("timed out", str(session.total_timeouts)),
        ("success rate", "-" if rate is None else to_percent(rate, wanted)),
    ]
    return found if wanted is None else [*found, ("wanted rate", to_limit_percent(wanted))]
