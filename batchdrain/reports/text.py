"""The summary for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from batchdrain.reports.beside import NOTHING_BESIDE, Beside
from batchdrain.reports.forecast_words import describe_outcome
from batchdrain.reports.left_over import NO_RESULT, describe_left, describe_not_reached
from batchdrain.reports.metrics import describe_attempts, metrics_of
from batchdrain.reports.skip_list import skips_of
from batchdrain.reports.worst import ACCEPTED, FailedCluster, clusters_of, describe_waiting, find_worst
from batchdrain.runtime.clock import to_shown
from batchdrain.runtime.text import describe_ending, safe_text, to_limit_percent, to_percent
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import balances_of, parts_of, paths_of

WIDTH: Final = 80
WORST: Final = "Worst failures, one of each cluster first:"
_CLUSTERS: Final = 10
_ODD: Final = 10
_HOSTS: Final = 20


def render(session: Session, saved_to: str, beside: Beside = NOTHING_BESIDE) -> str:
    """The whole summary. Scripts rely on the order of its parts."""
    return "\n".join(_render_lines(session, saved_to, beside)) + "\n"


def _render_lines(session: Session, saved_to: str, beside: Beside) -> Iterator[str]:
    yield from ("=" * WIDTH, "BATCH DRAIN SUMMARY", "=" * WIDTH)
    yield f"Session ID: {', '.join(part.session_id for part in parts_of(session))}"
    yield f"Started: {to_shown(session.started_at)}"
    yield f"Completed: {to_shown(session.completed_at) if session.completed_at else f'not yet ({session.current_status})'}"
    yield ""
    rate = session.success_rate
    yield f"Total Processed: {session.total_processed}"
    yield f"  ✓ Succeeded: {session.total_success}"
    yield f"  ✗ Failed: {session.total_failed}"
    yield f"Success Rate: {'-' if rate is None else to_percent(rate, session.wanted_rate)}"
    if (wanted := session.wanted_rate) is not None:
        yield f"Wanted Rate: {to_limit_percent(wanted)} or more"
    clusters = clusters_of(session, beside)
    yield from _render_worst(session, saved_to, clusters)
    yield from _render_middle(session, clusters)
    yield ""
    yield "Results by Run:"
    yield "-" * WIDTH
    yield from (
        f"  {safe_text(run_id)}: {succeeded}/{count} succeeded" for run_id, (succeeded, count) in session.by_run().items()
    )
    if not session.results:
        yield f"  {NO_RESULT}"
    hosts = [f"{safe_text(host)}: {succeeded}/{count} succeeded" for host, (succeeded, count) in session.by_host().items()]
    yield from _render_block("Results by Host:", hosts, _HOSTS)
    yield ""
    yield "Session saved to:"
    yield from (f"  {safe_text(path, limit=None)}" for path in paths_of(session, saved_to))
    yield "=" * WIDTH
    if beside.ended is not None:
        yield safe_text(beside.ended.why)
    if beside.goes_on:
        yield beside.goes_on


def _render_worst(session: Session, saved_to: str, clusters: Sequence[FailedCluster]) -> Iterator[str]:
    """The worst failures; nothing if nothing failed."""
    worst = find_worst(session, saved_to, clusters)
    if worst:
        yield WORST
    for one in worst:
        took = f"  ({one.took})" if one.took else ""
        yield f"  {safe_text(one.result.run_id)} / {safe_text(one.result.phase_id)}{took}"
        yield f"    Error: {safe_text(one.reason)}"
        if one.log:
            yield f"    Log: {safe_text(one.log, limit=None)}"
    if session.total_failed > len(worst) > 0:
        yield f"  and {session.total_failed - len(worst)} more (--format=json names them)"


def _render_middle(session: Session, clusters: Sequence[FailedCluster]) -> Iterator[str]:
    """The middle part, which has only lines with something to say."""
    if session.total_timeouts:
        yield f"Timeouts: {session.total_timeouts}"
    if told := describe_attempts(session):
        yield f"Attempts: {told}"
    if told := describe_outcome(session):
        yield f"Forecast: {told}"
    if session.stopped_because:
        yield f"Stopped because: {safe_text(session.stopped_because)}"
    yield from _render_block("Requests from other shells:", [safe_text(str(asked)) for asked in session.asked], _ODD)
    if left := describe_left(session):
        yield f"Left undone: {left}"
    yield from _render_block("Without effect:", [safe_text(line) for line in session.without_effect], _ODD)
    skips = [f"{phases} by {safe_text(rule)}{values and f': {values}'}" for phases, rule, values in skips_of(session)]
    yield from _render_block("Skipped:", skips, len(skips))
    yield from _render_block("Succeeded by the state that they set, not by their exit code:", list(_list_odd(session)), _ODD)
    lines = [
        f"{one.id}  {one.count}x  {safe_text(one.fingerprint, limit=120)}{one.said_of_members}{one.said_of_accepted}"
        for one in clusters
    ]
    yield from _render_block("Failures by cluster:", lines, _CLUSTERS)
    if waiting := describe_waiting(session, clusters):
        yield f"  {waiting}" if clusters else waiting
    yield from _render_advice(clusters)
    yield from (f"Metric {safe_text(name)}: {value}" for name, value in metrics_of(session))
    for part, b in balances_of(session):
        yield (
            f"Balance: {b.failed_before} {part.kind} before + {b.new} new = {b.fixed} fixed + {b.still_failing} "
            f"still failing + {b.accepted} accepted + {b.not_reached} not reached{b.said_of_taken}"
        )
        if told := describe_not_reached(part, b):
            yield f"Not reached: {told}"


def _render_advice(clusters: Sequence[FailedCluster]) -> Iterator[str]:
    """What to do about the largest cluster of each kind of advice; other clusters go the same way."""
    to_do = [one for one in clusters if one.drain]
    first = {one.advice: one for one in reversed(to_do)}
    yield from (f"  {advice}: {one.drain}" for advice, one in sorted(first.items(), reverse=True))
    if to_do:
        yield f"  If it is known: {to_do[0].accept}"
    yield from (f"  {instead}" for instead in sorted({one.instead for one in clusters} - {"", ACCEPTED}))


def _render_block(title: str, lines: Sequence[str], most: int) -> Iterator[str]:
    """A title and at most `most` lines below it; nothing if there are no lines."""
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
