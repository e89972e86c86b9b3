"""The metrics that the commands of a session reported, for people."""

from __future__ import annotations

from collections.abc import Iterator

from batchdrain.reports.worst import to_seconds
from batchdrain.runtime.text import count_of
from batchdrain.sessions.session import Session, metrics_per_minute


def describe_attempts(session: Session) -> str:
    """'7 on 5 phases, 35.1 s in all; …'; '' if no phase was tried more than once."""
    attempts, phases = session.attempts, len(session.results)
    if attempts == phases:
        return ""
    took = to_seconds(session.executed_s)
    return f"{attempts} on {count_of(phases, 'phase')}, {took} in all; a phase shows the time of its last one"


def metrics_of(session: Session) -> Iterator[tuple[str, str]]:
    """(name, sum over all attempts with the rate and the budget if there is one) of each metric. The rate is per minute in
    which the session's commands ran: two commands that run at the same time for a minute are two minutes."""
    per_minute = metrics_per_minute(session)
    for name, total in session.metrics.items():
        rate = f"{per_minute[name]:.1f}" if name in per_minute else "-"
        yield name, f"{total:.15g} ({rate} per minute of execution{_budget_of(session, name)})"


def _budget_of(session: Session, name: str) -> str:
    """The budget of a metric, from the session's `stop.max_metric`. A session file may contain anything."""
    stop = (session.settings or {}).get("stop")
    budgets = stop.get("max_metric") if isinstance(stop, dict) else None
    budget = budgets.get(name) if isinstance(budgets, dict) else None
    return f"; the budget is {budget:.15g}" if isinstance(budget, int | float) and budget else ""
