"""Renders the report of a session in a folder, and prints it."""

from __future__ import annotations

from batchdrain.cli.commands.beside import to_saved_paths
from batchdrain.cli.screens.writer import Output
from batchdrain.reports import formats
from batchdrain.reports.beside import Beside
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session


def render(folder: SessionFolder, session: Session, shape: str, beside: Beside) -> str:
    """The summary of a session that is in this folder."""
    return formats.render_summary(session, to_saved_paths(folder, session), shape, beside)


def show(out: Output, text: str, shape: str) -> None:
    """Print a report that `formats` made in this shape."""
    if shape == "json":
        out.json(text.rstrip("\n"))
    elif shape == "text":
        out.text(text)
    else:
        out.document(text)
