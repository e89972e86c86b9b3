"""inv summary: shows the report of a session. Reads only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batchdrain.cli.commands.beside import beside_of
from batchdrain.cli.commands.open import settings_of
from batchdrain.cli.commands.report_facts import add_facts, is_of_this_database
from batchdrain.cli.commands.show_report import render, show
from batchdrain.cli.commands.whole_chain import load_session, to_whole
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.model.errors import UsageError
from batchdrain.reports.exit_words import explain_kept
from batchdrain.runtime import files
from batchdrain.runtime.text import safe_text, to_shown_path
from batchdrain.sessions.folder import LostSession, SessionFolder
from batchdrain.sessions.rebuild import UnknownSession
from batchdrain.sessions.session import Session


def show_summary(invocation: Invocation, *, session_id: str | None, format_name: str, output: str | None) -> None:
    """`inv summary`. Raises UsageError if there is no session."""
    settings = settings_of(invocation)
    folder = SessionFolder(invocation.root / settings.session_dir)
    session = _load_asked_for(invocation, folder, session_id)
    session = to_whole(invocation, folder, session)
    beside = beside_of(invocation, settings, folder, session, explain_kept(session))
    where = None if output is None else Path(output).absolute().parent
    beside = add_facts(invocation, folder, session, format_name, replace(beside, folder=where))
    text = render(folder, session, format_name, beside)
    if output is None:
        show(Output(), text, format_name)
        return
    content = text.encode(errors="backslashreplace")
    files.write_for_people(Path(output), [content], f"--output: {output}", dry=invocation.dry)
    Output().line(f"Summary {'would be written' if invocation.dry else 'written'} to {safe_text(output)}")


def _load_asked_for(invocation: Invocation, folder: SessionFolder, session_id: str | None) -> Session:
    """The requested session, else the newest session of this database of which more than an empty folder is left."""
    if session_id is not None:
        return load_session(invocation, folder, session_id)
    elsewhere = ""
    for name in folder.newest_first():
        try:
            session = load_session(invocation, folder, name)
        except UnknownSession as error:
            if not isinstance(error.__cause__, LostSession):
                raise
            continue
        if is_of_this_database(invocation, session):
            return session
        elsewhere = elsewhere or f" of this database; the newest there, {name}, is of {(session.database or {}).get('url')}"
    if elsewhere:
        raise UsageError(
            f"there is no session in {to_shown_path(folder.folder)}{elsewhere}",
            remedy="`inv drain` begins one; --session-id shows any",
        )
    raise UsageError(f"there is no session in {to_shown_path(folder.folder)}", remedy="`inv drain` begins one")
