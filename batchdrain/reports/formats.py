"""The formats of a session's report, by name."""

from __future__ import annotations

from typing import Final

import orjson

from batchdrain.reports import markdown, text
from batchdrain.sessions.render import dumps
from batchdrain.sessions.session import Session, metrics_per_minute

SUMMARY: Final = ("text", "json", "markdown")


def render_summary(session: Session, saved_to: str, format_name: str) -> str:
    """The report in one of SUMMARY, ending in a newline."""
    if format_name == "json":
        found = session.model_dump(mode="json")
        found |= {
            "status": session.current_status.value,
            "success_rate": session.success_rate,
            "metrics_per_minute": dict(metrics_per_minute(session)),
            "saved_to": saved_to,
        }
        return dumps(found, orjson.OPT_INDENT_2).decode() + "\n"
    return markdown.render(session, saved_to) if format_name == "markdown" else text.render(session, saved_to)


def render_nothing(why: str, format_name: str) -> str:
    """The report where no session was written."""
    if format_name == "json":
        return dumps({"session_id": None, "nothing_selected": why.splitlines()}, orjson.OPT_INDENT_2).decode() + "\n"
    if format_name == "markdown":
        return "".join(f"{markdown.escape(line)}\n\n" for line in why.splitlines())
    return why + "\n"
