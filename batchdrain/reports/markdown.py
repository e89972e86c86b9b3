"""The summary for a pull request or a wiki page. Ids and failure texts are escaped: they can't make markup."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from batchdrain.reports.skip_list import skips_of
from batchdrain.runtime.clock import iso
from batchdrain.runtime.text import ending_word, safe_text
from batchdrain.sessions.session import Session

_MARKUP: Final = re.compile(r"[\\`*_{}\[\]()<>#+!|~&:@$-]|(?<=www)\.", re.IGNORECASE)
_BREAK: Final = "&#8203;"  # a space without width: what a page is searched for after it was made, a backslash does not stop
_INSTEAD: Final = {"<": "&lt;", ">": "&gt;", "$": "&#36;", "@": f"\\@{_BREAK}", "#": f"\\#{_BREAK}", ".": f"{_BREAK}."}


def escaped(text: str) -> str:
    """Hostile text for a table's cell: every character of markup escaped, no link, no mention, no formula, one line."""
    return _MARKUP.sub(lambda found: _INSTEAD.get(found[0], f"\\{found[0]}"), safe_text(text, limit=500))


def summary(session: Session, saved_to: str) -> str:
    return "\n".join(_lines(session, saved_to)) + "\n"


def _lines(session: Session, saved_to: str) -> Iterator[str]:
    rate = session.success_rate
    yield f"# Batch drain {escaped(session.session_id)}"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| Status | {session.standing} |"
    yield f"| Started | {iso(session.started_at)} |"
    yield f"| Completed | {iso(session.completed_at) if session.completed_at else 'not yet'} |"
    yield f"| Processed | {session.total_processed} |"
    yield f"| Succeeded | {session.total_success} |"
    yield f"| Failed | {session.total_failed} |"
    yield f"| Timeouts | {session.total_timeouts} |"
    yield f"| Success rate | {0.0 if rate is None else rate * 100:.1f}% |"
    if session.stopped_because:
        yield f"| Stopped because | {escaped(session.stopped_because)} |"
    if session.balance is not None:
        b = session.balance
        yield (
            f"| Balance | {b.failed_before} before + {b.new} new = {b.fixed} fixed + {b.still_failing} still failing + "
            f"{b.accepted} accepted + {b.not_reached} not reached{b.said_of_taken} |"
        )
    yield f"| Saved to | {escaped(saved_to)} |"
    skips = list(skips_of(session))
    if skips:
        yield from ("", "## Skipped", "", "| Phases | Rule | Why |", "|---:|---|---|")
    for phases, rule, values in skips:
        yield f"| {phases} | {escaped(rule)} | {escaped(values)} |"
    yield from ("", "## Results by run", "", "| Run | Succeeded | Of |", "|---|---:|---:|")
    for run_id, (succeeded, count) in session.by_run().items():
        yield f"| {escaped(run_id)} | {succeeded} | {count} |"
    odd = [result for result in session.results if result.success and result.exit_code]
    if odd:
        yield from ("", "## Succeeded by state, not by exit code", "", "| Run | Phase | State |", "|---|---|---|")
        for result in odd:
            word = ending_word(result.final_state, result.exit_code, success=True)
            yield f"| {escaped(result.run_id)} | {escaped(result.phase_id)} | {escaped(word)} |"
    failed = [result for result in session.results if not result.success]
    if failed:
        yield from ("", "## Failures", "", "| Run | Phase | State | Category | Error |", "|---|---|---|---|---|")
        for result in failed:
            yield (
                f"| {escaped(result.run_id)} | {escaped(result.phase_id)} | {escaped(result.final_state)} | "
                f"{escaped(result.category or '')} | {escaped(result.error_message or '')} |"
            )
