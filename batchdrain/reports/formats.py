"""The report of a session in each format, by name."""

from __future__ import annotations

from typing import Final

from batchdrain.reports import junit, markdown, text
from batchdrain.reports.beside import NOTHING_BESIDE, Beside
from batchdrain.reports.json_fields import to_fields
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import safe_lines
from batchdrain.sessions.session import Session

_RENDER: Final = {"text": text.render, "markdown": markdown.render, "junit": junit.render}
SUMMARY: Final = ("text", "json", "markdown", "html", "junit")


def render_summary(session: Session, saved_to: str, format_name: str, beside: Beside = NOTHING_BESIDE) -> str:
    """The report in a format of SUMMARY. It ends with a newline and is safe to show and to write."""
    if format_name == "json":
        return to_json(to_fields(session, saved_to, beside), indent=True).decode() + "\n"
    if format_name == "html":
        from batchdrain.reports.html import page  # imported here, as it loads templates that nothing else needs

        return safe_lines(page.render(session, saved_to, beside))
    return safe_lines(_RENDER[format_name](session, saved_to, beside))


def render_nothing(why: str, format_name: str) -> str:
    """The report for when no session was written."""
    if format_name == "json":
        return to_json({"session_id": None, "nothing_selected": why.splitlines()}, indent=True).decode() + "\n"
    if format_name == "markdown":
        return "".join(f"{markdown.escape(line)}\n\n" for line in why.splitlines())
    return why + "\n"
