"""Writes the lines that GitHub Actions shows as annotations of a job. Texts in them can't make further lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from batchdrain.cli.screens.stream import write_through
from batchdrain.reports.worst import WorstFailure
from batchdrain.runtime.text import safe_text, to_printable

MOST: Final = 10
"""How many annotations of a step GitHub shows."""
_DATA: Final = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY: Final = {**_DATA, ":": "%3A", ",": "%2C"}


def annotate(worst: Iterable[WorstFailure], *, passes: bool) -> None:
    """Write a line to stderr for each of the first MOST failures; on stdout it would be a part of the report. The level is an
    error, or a warning if the step `passes` in spite of them."""
    stream = sys.stderr
    if stream is None:
        return
    lines = [_to_command(one, "warning" if passes else "error") for one in [*worst][:MOST]]
    with suppress(OSError, ValueError):  # a closed pipe
        write_through(stream, to_printable("".join(f"{line}\n" for line in lines), getattr(stream, "encoding", None)))
        stream.flush()


def _to_command(one: WorstFailure, level: str) -> str:
    title = safe_text(f"{one.result.run_id} / {one.result.phase_id}", limit=200)
    log = f" (log: {safe_text(one.log, limit=None)})" if one.log else ""
    message = f"{safe_text(one.reason)}{log}"
    return f"::{level} title={_escape(title, _PROPERTY)}::{_escape(message, _DATA)}"


def _escape(text: str, instead: dict[str, str]) -> str:
    """Escape a text as the runner unescapes it."""
    return "".join(instead.get(sign, sign) for sign in text)
