"""What a report shows in addition to its session, and where the session is saved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from batchdrain.cli.commands.go_on import to_next_command
from batchdrain.cli.invocation import Invocation
from batchdrain.config.settings import Settings
from batchdrain.model.errors import ConfigError, DatabaseUnavailable, FilesUnavailable
from batchdrain.reports.beside import Beside
from batchdrain.reports.exit_words import Exit
from batchdrain.runtime.text import to_shown_path
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import parts_of

if TYPE_CHECKING:
    from batchdrain.drain.project import Project
    from batchdrain.planning.acceptances import Acceptances


def beside_of(
    invocation: Invocation,
    settings: Settings,
    folder: SessionFolder,
    session: Session,
    ended: Exit | None,
    accepted: Acceptances | None = None,
) -> Beside:
    """What the session's report shows in addition to the session. `accepted`: the acceptances in force, if they were read."""
    goes_on, at = to_next_command(invocation, folder, session), settings.source.columns.reason
    by_command = settings.command.result_from == "database"
    takes_reasons = at is not None and at.written == at.column and not by_command
    return Beside(
        words=invocation.words,
        mount=invocation.mount,
        goes_on=goes_on,
        ended=ended,
        table_takes_reasons=takes_reasons,
        accepted=accepted,
    )


def read_accepted(project: Project, session: Session, ended: Exit | None = None) -> Acceptances | None:
    """The acceptances in force, if the session has failures that they may cover. `ended`: how the drain ended just now. None if
    the database does not answer, or has just ended the drain: the report is shown all the same, without waiting again."""
    if not session.fingerprint_counts or (ended is not None and ended.code == DatabaseUnavailable.exit_code):
        return None
    from batchdrain.planning.acceptances import acceptances

    try:
        return acceptances(project.store)
    except (DatabaseUnavailable, FilesUnavailable, ConfigError):
        return None


def to_saved_paths(folder: SessionFolder, session: Session) -> str:
    """The path where the session is saved, as it is shown; one line for each session of a chain."""
    return "\n".join(to_shown_path(folder.path(part.session_id)) for part in parts_of(session))
