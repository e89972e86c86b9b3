"""The summary as JUnit XML for CI: a suite for each run, a case for each phase. It can be parsed whatever the texts hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from batchdrain.failures.suffix import fit
from batchdrain.reports.beside import Beside
from batchdrain.reports.worst import find_log
from batchdrain.runtime.clock import to_iso
from batchdrain.runtime.text import safe_lines, safe_text
from batchdrain.sessions.log_tail import read_tail
from batchdrain.sessions.result import Result
from batchdrain.sessions.session import Session, seconds_of

OUTPUT_BYTES: Final = 16_384
"""At most this many bytes from the end of a phase's output are shown."""
ALL_OUTPUT_BYTES: Final = 4 * 2**20
"""The limit for the output of all phases together: GitLab, for one, reads no report beyond some megabytes."""
_MESSAGE_CHARS: Final = 300
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ATTACHMENT: Final = "[[ATTACHMENT|"
"""GitLab takes what follows this for the name of a file to attach."""


def render(session: Session, saved_to: str, beside: Beside) -> str:
    """The whole document. It holds the end of each failed phase's output, without known secrets."""
    return "\n".join(_render_lines(session, saved_to, beside)) + "\n"


def _render_lines(session: Session, saved_to: str, beside: Beside) -> Iterator[str]:
    by_run: dict[str, list[Result]] = {}
    for result in session.results:
        by_run.setdefault(result.run_id, []).append(result)
    outputs = _read_outputs(session, saved_to, beside)
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites name={_quote(f'batchdrain {session.session_id}')} {_counts_of(session.results)}>"
    for run_id, results in by_run.items():
        moment = f" timestamp={_quote(to_iso(results[0].timestamp))}" if results[0].timestamp else ""
        yield f"<testsuite name={_quote(run_id)} {_counts_of(results)}{moment}>"
        for result in results:
            yield from _render_case(result, outputs.get(id(result), ""))
        yield "</testsuite>"
    yield "</testsuites>"


def _render_case(result: Result, output: str) -> Iterator[str]:
    ids = f"classname={_quote(result.run_id)} name={_quote(result.phase_id)}"
    head = f'<testcase {ids} time="{result.duration_s or 0:.3f}"'
    if result.success:
        yield f"{head}/>"
        return
    yield f"{head}>"
    reason, kind = result.error_message or "", "timeout" if result.has_timed_out else result.category or "failed"
    yield f"<failure type={_quote(kind)} message={_quote(fit(reason, _MESSAGE_CHARS))}>{_escape(reason)}</failure>"
    if output:
        yield f"<system-out>{_escape(output)}</system-out>"
    yield "</testcase>"


def _counts_of(results: list[Result]) -> str:
    took = sum(map(seconds_of, results))  # of all attempts; a case has the time of its last one
    failed = sum(not result.success for result in results)
    return f'tests="{len(results)}" failures="{failed}" errors="0" skipped="0" time="{took:.3f}"'


def _read_outputs(session: Session, saved_to: str, beside: Beside) -> dict[int, str]:
    """The end of the most telling log of each failed phase, until the room is used up."""
    found: dict[int, str] = {}
    room = ALL_OUTPUT_BYTES
    for result in session.results:
        log = find_log(session, saved_to, result.log_path) if result.log_path and not result.success else None
        if log is None or room <= 0:
            continue
        text = beside.redact(read_tail(log, OUTPUT_BYTES))
        found[id(result)] = text
        room -= len(text.encode())
    return found


def _quote(text: str) -> str:
    return quoteattr(_to_xml(safe_text(text)))


def _escape(text: str) -> str:
    return escape(_to_xml(safe_lines(text)))


def _to_xml(text: str) -> str:
    """Escape what XML cannot represent, and what a viewer would act on."""
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text).replace(_ATTACHMENT, "[\\[ATTACHMENT|")
