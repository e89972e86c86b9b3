"""What GitHub Actions gets from a drain in addition to its log: annotations, and the summary page of the step. Other CI
systems read a file."""

from __future__ import annotations

import os
import sys
from typing import Final

from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.annotations import annotate
from batchdrain.cli.screens.writer import Output
from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.reports.worst import clusters_of, find_worst
from batchdrain.runtime.files import write_all
from batchdrain.runtime.text import safe_text
from batchdrain.sessions.session import Session

ACTIONS: Final = "GITHUB_ACTIONS"
STEP_SUMMARY: Final = "GITHUB_STEP_SUMMARY"
LARGEST: Final = 900_000
"""Bytes. GitHub takes 1 MiB for a step, and ignores the whole page if it is larger."""


def tell_github(invocation: Invocation, session: Session, saved_to: str, beside: Beside) -> None:
    """Under GitHub Actions, write at most ten annotations, and append the Markdown summary to the step's file. If the file
    can't be written, that is told, and the exit code stays."""
    if invocation.environ.get(ACTIONS) == "true":
        worst = find_worst(session, saved_to, clusters_of(session, beside))
        annotate(worst, passes=beside.ended is not None and beside.ended.code == 0)
    if path := invocation.environ.get(STEP_SUMMARY):
        page = cut_lines(formats.render_summary(session, saved_to, "markdown", beside).encode(), LARGEST)
        try:
            _append(path, page + b"\n")
        except OSError as error:
            Output(sys.stderr).line(f"batchdrain: {STEP_SUMMARY}: {safe_text(path)}: {error.strerror or error}")


def cut_lines(text: bytes, most: int) -> bytes:
    """Cut to at most `most` bytes: whole lines, and a last line that says that something is left out."""
    if len(text) <= most:
        return text
    told = b"\nThe rest is left out: `inv summary` has all of it.\n"
    return text[: text.rindex(b"\n", 0, most - len(told)) + 1] + told


def _append(path: str, content: bytes) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK, 0o644)
    try:
        write_all(fd, content)
    finally:
        os.close(fd)
