"""What a report shows in addition to its session, and where the session is saved."""

from __future__ import annotations

from batchdrain.cli.commands.go_on import to_resume_command
from batchdrain.cli.invocation import Invocation
from batchdrain.config.settings import Settings
from batchdrain.reports.beside import Beside
from batchdrain.reports.exit_words import Exit
from batchdrain.runtime.text import to_shown_path
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import parts_of


def beside_of(
    invocation: Invocation, settings: Settings, folder: SessionFolder, session: Session, ended: Exit | None
) -> Beside:
    """What the session's report shows in addition to the session."""
    goes_on, at = to_resume_command(invocation, folder, session), settings.source.columns.reason
    by_command = settings.command.result_from == "database"
    takes_reasons = at is not None and at.written == at.column and not by_command
    return Beside(
        words=invocation.words, mount=invocation.mount, goes_on=goes_on, ended=ended, table_takes_reasons=takes_reasons
    )


def to_saved_paths(folder: SessionFolder, session: Session) -> str:
    """The path where the session is saved, as it is shown; one line for each session of a chain."""
    return "\n".join(to_shown_path(folder.path(part.session_id)) for part in parts_of(session))
