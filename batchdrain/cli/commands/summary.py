"""inv summary: the report of a session. Reads only."""

from __future__ import annotations

from pathlib import Path

from batchdrain.cli.commands.open import open_project, settings_of
from batchdrain.cli.commands.report import show, to_saved_paths
from batchdrain.cli.commands.whole_chain import load_session, to_whole
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.database.url import parse_url, place_of
from batchdrain.drain.borne_out import is_of_other_database
from batchdrain.drain.project import database_url
from batchdrain.model.errors import ConfigError, DatabaseUnavailable, FilesUnavailable, UsageError
from batchdrain.reports import formats
from batchdrain.runtime import files
from batchdrain.runtime.text import safe_text, to_shown_path
from batchdrain.sessions.folder import LostSession, SessionFolder
from batchdrain.sessions.rebuild import UnknownSession
from batchdrain.sessions.session import Session


def show_summary(invocation: Invocation, *, session_id: str | None, format_name: str, output: str | None) -> None:
    """`inv summary`. Raises UsageError where there is no session."""
    folder = SessionFolder(invocation.root / settings_of(invocation).session_dir)
    session = _load_asked_for(invocation, folder, session_id)
    session = to_whole(invocation, folder, session)
    text = formats.render_summary(session, to_saved_paths(folder, session), format_name)
    if output is None:
        show(Output(), text, format_name)
        return
    files.write_for_people(Path(output), [text.encode(errors="backslashreplace")], f"--output: {output}")
    Output().line(f"Summary written to {safe_text(output)}")


def _load_asked_for(invocation: Invocation, folder: SessionFolder, session_id: str | None) -> Session:
    """The session that was asked for, else the newest of this database that there is more of than an empty folder."""
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
        if _is_of_this_database(invocation, session):
            return session
        elsewhere = elsewhere or f" of this database; the newest there, {name}, is of {(session.database or {}).get('url')}"
    if elsewhere:
        raise UsageError(
            f"there is no session in {to_shown_path(folder.folder)}{elsewhere}",
            remedy="`inv drain` begins one; --session-id shows any",
        )
    raise UsageError(f"there is no session in {to_shown_path(folder.folder)}", remedy="`inv drain` begins one")


def _is_of_this_database(invocation: Invocation, session: Session) -> bool:
    """By its place, else by what the database itself says it is; where it does not answer, nobody can tell."""
    found, settings = session.database or {}, settings_of(invocation)
    if found.get("uid") is None or found.get("place") == place_of(
        parse_url(database_url(settings, invocation.environ, invocation.root))
    ):
        return True
    try:
        with open_project(invocation) as project:
            return not is_of_other_database(session, project.store)
    except (DatabaseUnavailable, FilesUnavailable, ConfigError):
        return True
