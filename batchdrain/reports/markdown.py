"""The summary for a pull request or a wiki page. Ids, paths and commands are code spans, for copying; other texts are
escaped. Neither can produce markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from batchdrain.failures.suffix import fit
from batchdrain.reports.beside import NOTHING_BESIDE, Beside
from batchdrain.reports.forecast_words import describe_outcome
from batchdrain.reports.left_over import NO_RESULT, describe_left, describe_not_reached
from batchdrain.reports.metrics import describe_attempts, metrics_of
from batchdrain.reports.skip_list import skips_of
from batchdrain.reports.worst import FailedCluster, clusters_of, describe_waiting, find_worst
from batchdrain.runtime.clock import to_shown
from batchdrain.runtime.text import describe_ending, safe_text, to_limit_percent, to_percent
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import balances_of, parts_of, paths_of

_CELL_CHARS: Final = 500
_MARKUP: Final = re.compile(r"[\\`*_{}\[\]()<>#+!|~&:@$-]|(?<=www)\.", re.IGNORECASE)
_BACKTICKS: Final = re.compile("`+")
_BREAK: Final = "&#8203;"  # zero width: stops what is searched in the finished page, as a backslash can't
_INSTEAD: Final = {"<": "&lt;", ">": "&gt;", "$": "&#36;", "@": f"\\@{_BREAK}", "#": f"\\#{_BREAK}", ".": f"{_BREAK}."}


def escape(text: str) -> str:
    """A hostile text for a table cell: one line, with every markup character escaped, so no link, no mention, no formula."""
    return _MARKUP.sub(lambda found: _INSTEAD.get(found[0], f"\\{found[0]}"), safe_text(text, limit=_CELL_CHARS))


def code(text: str, *, limit: int | None = _CELL_CHARS) -> str:
    """A hostile text as a code span that also fits into a table cell and can be copied exactly. '' for no text.

    It cannot end the span: the fence is longer than any row of backticks in the text. The bar of a table is escaped, which
    every reader of tables undoes.
    """
    shown = safe_text(text, limit=limit)
    if not shown.strip():
        return escape(text)
    fence = "`" * (1 + max(map(len, _BACKTICKS.findall(shown)), default=0))
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}".replace("|", "\\|")


def render(session: Session, saved_to: str, beside: Beside = NOTHING_BESIDE) -> str:
    """The whole page. `saved_to`: the path of the session's file, as shown."""
    return "\n".join(_render_lines(session, saved_to, beside)) + "\n"


def _render_lines(session: Session, saved_to: str, beside: Beside) -> Iterator[str]:
    yield f"# Batch drain {', '.join(code(part.session_id) for part in parts_of(session))}"
    yield ""
    yield from _render_totals(session)
    yield f"| Saved to | {', '.join(map(_command, paths_of(session, saved_to)))} |"
    if beside.goes_on:
        yield f"| Continue with | {_command(beside.goes_on)} |"
    if beside.ended is not None:
        yield f"| Exit code | {escape(beside.ended.why.removeprefix('Exit code '))} |"
    if session.asked:
        yield from ("", "## Requests from other shells", "", *(f"- {escape(str(asked))}" for asked in session.asked))
    if session.without_effect:
        yield from ("", "## Without effect", "", *(f"- {escape(line)}" for line in session.without_effect))
    skips = [f"| {phases} | {code(rule)} | {escape(values)} |" for phases, rule, values in skips_of(session)]
    if skips:
        yield from ("", "## Skipped", "", "| Phases | Rule | Why |", "|---:|---|---|", *skips)
    yield from _render_counts("Run", session.by_run())
    if by_host := session.by_host():
        yield from _render_counts("Host", by_host)
    yield from _render_odd([result for result in session.results if result.success and result.exit_code])
    clusters = clusters_of(session, beside)
    yield from _render_worst(session, saved_to, clusters)
    yield from _render_clusters(clusters)
    if waiting := describe_waiting(session, clusters):
        yield from ("", f"and {waiting}" if clusters else waiting)
    yield from _render_failures([result for result in session.results if not result.success])


def _render_counts(what: str, counts: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """A table of how many phases of each run or host succeeded, and of how many."""
    yield from ("", f"## Results by {what.lower()}", "")
    yield from (f"| {what} | Succeeded | Of |", "|---|---:|---:|") if counts else (NO_RESULT,)
    for name, (succeeded, count) in counts.items():
        yield f"| {code(name)} | {succeeded} | {count} |"


def _render_totals(session: Session) -> Iterator[str]:
    rate = session.success_rate
    yield "| | |"
    yield "|---|---|"
    yield f"| Status | {session.current_status} |"
    yield f"| Started | {to_shown(session.started_at)} |"
    yield f"| Completed | {to_shown(session.completed_at) if session.completed_at else 'not yet'} |"
    yield f"| Processed | {session.total_processed} |"
    yield f"| Succeeded | {session.total_success} |"
    yield f"| Failed | {session.total_failed} |"
    yield f"| Timeouts | {session.total_timeouts} |"
    yield f"| Success rate | {'-' if rate is None else to_percent(rate, session.wanted_rate)} |"
    if (wanted := session.wanted_rate) is not None:
        yield f"| Wanted rate | {to_limit_percent(wanted)} or more |"
    if told := describe_attempts(session):
        yield f"| Attempts | {told} |"
    if told := describe_outcome(session):
        yield f"| Forecast | {told} |"
    if session.stopped_because:
        yield f"| Stopped because | {escape(session.stopped_because)} |"
    if left := describe_left(session):
        yield f"| Left undone | {left} |"
    for name, value in metrics_of(session):
        yield f"| Metric {escape(name)} | {escape(value)} |"
    for part, b in balances_of(session):
        yield (
            f"| Balance | {b.failed_before} {part.kind} before + {b.new} new = {b.fixed} fixed + {b.still_failing} still failing + "
            f"{b.accepted} accepted + {b.not_reached} not reached{b.said_of_taken} |"
        )
        if told := describe_not_reached(part, b):
            yield f"| Not reached | {told} |"


def _render_odd(odd: Sequence[Result]) -> Iterator[str]:
    """Phases that succeeded by the state that they set, whatever their exit code."""
    if odd:
        yield from ("", "## Succeeded by state, not by exit code", "", "| Run | Phase | State |", "|---|---|---|")
    for result in odd:
        ending = describe_ending(result.final_state, result.exit_code, success=True)
        yield f"| {code(result.run_id)} | {code(result.phase_id)} | {escape(ending)} |"


def _render_worst(session: Session, saved_to: str, clusters: Sequence[FailedCluster]) -> Iterator[str]:
    """The first failures of each cluster, with their logs."""
    worst = find_worst(session, saved_to, clusters)
    if worst:
        head = ("| Run | Phase | Error | Took | Cluster | Log |", "|---|---|---|---|---|---|")
        yield from ("", "## Worst failures, one of each cluster first", "", *head)
    for one in worst:
        ids, log = (code(one.result.run_id), code(one.result.phase_id)), "" if one.log is None else _command(one.log)
        cells = (*ids, escape(one.reason), escape(one.took), code(one.cluster), log)
        yield f"| {' | '.join(cells)} |"
    if session.total_failed > len(worst) > 0:
        yield from ("", f"and {session.total_failed - len(worst)} more: see Failures")


def _render_clusters(clusters: Sequence[FailedCluster]) -> Iterator[str]:
    """The clusters, with what to do about each."""
    if clusters:
        head = ("| Cluster | Failures | Failure text | Next | If it is known |", "|---|---:|---|---|---|")
        yield from ("", "## Failures by cluster", "", *head)
    for one in clusters:
        next_step = f"{one.advice}: {_command(one.drain)}" if one.drain else one.instead
        yield f"| {code(one.id)} | {one.count} | {escape(one.fingerprint + one.said_of_members + one.said_of_accepted)} | {next_step} | {_command(one.accept)} |"


def _render_failures(failed: Sequence[Result]) -> Iterator[str]:
    if failed:
        yield from ("", "## Failures", "", "| Run | Phase | State | Category | Error |", "|---|---|---|---|---|")
    for result in failed:
        yield (
            f"| {code(result.run_id)} | {code(result.phase_id)} | {escape(result.final_state)} | "
            f"{escape(result.category or '')} | {escape(fit(result.error_message or '', _CELL_CHARS))} |"
        )


def _command(text: str) -> str:
    """A command or path, complete, for copying."""
    return code(text, limit=None)
