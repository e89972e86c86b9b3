"""The summary for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from batchdrain.failures.fingerprints import cluster_id_of
from batchdrain.reports.skip_list import skips_of
from batchdrain.runtime.clock import to_shown
from batchdrain.runtime.text import describe_ending, safe_text, to_percent
from batchdrain.sessions.session import Session, metrics_per_minute
from batchdrain.sessions.whole import parts_of, paths_of

WIDTH: Final = 80
_CLUSTERS: Final = 10
_ODD: Final = 10


def render(session: Session, saved_to: str) -> str:
    """The parts in the order that scripts rely on."""
    return "\n".join(_render_lines(session, saved_to)) + "\n"


def _render_lines(session: Session, saved_to: str) -> Iterator[str]:
    yield from ("=" * WIDTH, "BATCH DRAIN SUMMARY", "=" * WIDTH)
    yield f"Session ID: {', '.join(part.session_id for part in parts_of(session))}"
    yield f"Started: {to_shown(session.started_at)}"
    yield f"Completed: {to_shown(session.completed_at) if session.completed_at else f'not yet ({session.current_status})'}"
    yield ""
    rate = session.success_rate
    yield f"Total Processed: {session.total_processed}"
    yield f"  ✓ Succeeded: {session.total_success}"
    yield f"  ✗ Failed: {session.total_failed}"
    yield f"Success Rate: {'-' if rate is None else f'{rate * 100:.1f}%'}"
    if (wanted := session.wanted_rate) is not None:
        yield f"Wanted Rate: {to_percent(wanted)} or more"
    yield from _render_middle(session)
    yield ""
    yield "Results by Run:"
    yield "-" * WIDTH
    for run_id, (succeeded, count) in session.by_run().items():
        yield f"  {safe_text(run_id)}: {succeeded}/{count} succeeded"
    yield ""
    yield "Session saved to:"
    yield from (f"  {safe_text(path, limit=None)}" for path in paths_of(session, saved_to))
    yield "=" * WIDTH


def _render_middle(session: Session) -> Iterator[str]:
    """What stands in the middle where there is any."""
    if session.total_timeouts:
        yield f"Timeouts: {session.total_timeouts}"
    if session.stopped_because:
        yield f"Stopped because: {safe_text(session.stopped_because)}"
    yield from _render_block("Without effect:", [safe_text(line) for line in session.without_effect], _ODD)
    skips = [f"{phases} by {safe_text(rule)}: {values}" for phases, rule, values in skips_of(session)]
    yield from _render_block("Skipped:", skips, len(skips))
    yield from _render_block("Succeeded by the state that they set, not by their exit code:", list(_list_odd(session)), _ODD)
    clusters = sorted(session.fingerprint_counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"{cluster_id_of(alike)}  {count}x  {safe_text(alike, limit=120)}" for alike, count in clusters]
    yield from _render_block("Failures by cluster:", lines, _CLUSTERS)
    per_minute = metrics_per_minute(session)
    for name, total in session.metrics.items():
        rate = f"{per_minute[name]:.1f}" if name in per_minute else "-"
        yield f"Metric {safe_text(name)}: {total:.15g} ({rate} a minute{_budget_of(session, name)})"
    for part in parts_of(session):
        if part.balance is None:
            continue
        b = part.balance
        yield (
            f"Balance: {b.failed_before} {part.kind} before + {b.new} new = {b.fixed} fixed + {b.still_failing} "
            f"still failing + {b.accepted} accepted + {b.not_reached} not reached{b.said_of_taken}"
        )
        if b.said_of_not_reached:
            yield f"Not reached: {b.said_of_not_reached}"


def _budget_of(session: Session, name: str) -> str:
    """What `stop.max_metric` of the session says of a metric; a file may say anything."""
    stop = (session.settings or {}).get("stop")
    budgets = stop.get("max_metric") if isinstance(stop, dict) else None
    budget = budgets.get(name) if isinstance(budgets, dict) else None
    return f"; the budget is {budget:.15g}" if isinstance(budget, int | float) and budget else ""


def _render_block(title: str, lines: Sequence[str], most: int) -> Iterator[str]:
    """A title and at most `most` lines below it; nothing where there are none."""
    if lines:
        yield title
    for line in lines[:most]:
        yield f"  {line}"
    if len(lines) > most:
        yield f"  and {len(lines) - most} more"


def _list_odd(session: Session) -> Iterator[str]:
    for result in session.results:
        if result.success and result.exit_code:
            yield safe_text(f"{result.key}: {describe_ending(result.final_state, result.exit_code, success=True)}")
