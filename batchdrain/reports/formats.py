"""The formats of a session's report, by name."""

from __future__ import annotations

from typing import Final

import orjson

from batchdrain.reports import markdown, text
from batchdrain.sessions.render import dumps
from batchdrain.sessions.session import Session, metrics_per_minute

SUMMARY: Final = ("text", "json", "markdown")


def summary(session: Session, saved_to: str, shape: str) -> str:
    """The report in one of SUMMARY, ending in a newline."""
    if shape == "json":
        found = session.model_dump(mode="json")
        found |= {
            "status": session.standing.value,
            "success_rate": session.success_rate,
            "metrics_per_minute": dict(metrics_per_minute(session)),
            "saved_to": saved_to,
        }
        return dumps(found, orjson.OPT_INDENT_2).decode() + "\n"
    return markdown.summary(session, saved_to) if shape == "markdown" else text.summary(session, saved_to)


def nothing(why: str, shape: str) -> str:
    """The report where no session was written."""
    if shape == "json":
        return dumps({"session_id": None, "nothing_selected": why.splitlines()}, orjson.OPT_INDENT_2).decode() + "\n"
    if shape == "markdown":
        return "".join(f"{markdown.escaped(line)}\n\n" for line in why.splitlines())
    return why + "\n"
