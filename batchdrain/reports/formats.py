"""The formats of a session's report, by name."""

from __future__ import annotations

from typing import Final

from batchdrain.reports import markdown, text
from batchdrain.runtime.json_text import to_json
from batchdrain.runtime.text import safe_lines
from batchdrain.sessions.session import Session, metrics_per_minute
from batchdrain.sessions.whole import parts_of

SUMMARY: Final = ("text", "json", "markdown")


def render_summary(session: Session, saved_to: str, format_name: str) -> str:
    """The report in one of SUMMARY, ending in a newline: safe to show, and to write."""
    if format_name == "json":
        found = session.model_dump(mode="json")
        found |= {
            "status": session.current_status.value,
            "success_rate": session.success_rate,
            "wanted_success_rate": session.wanted_rate,
            "metrics_per_minute": dict(metrics_per_minute(session)),
            "saved_to": saved_to,
        }
        if len(parts_of(session)) > 1:
            found["sessions"] = [part.session_id for part in parts_of(session)]
        return to_json(found, indent=True).decode() + "\n"
    return safe_lines((markdown if format_name == "markdown" else text).render(session, saved_to))


def render_nothing(why: str, format_name: str) -> str:
    """The report where no session was written."""
    if format_name == "json":
        return to_json({"session_id": None, "nothing_selected": why.splitlines()}, indent=True).decode() + "\n"
    if format_name == "markdown":
        return "".join(f"{markdown.escape(line)}\n\n" for line in why.splitlines())
    return why + "\n"
