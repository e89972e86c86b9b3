"""Tells which session a resume takes, or that there is none."""

from __future__ import annotations

from batchdrain.cli.commands.go_on import to_next_command
from batchdrain.cli.commands.show_report import show
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Project
from batchdrain.reports import formats
from batchdrain.runtime.clock import to_iso
from batchdrain.runtime.text import safe_text, to_shown_path
from batchdrain.sessions.session import Session, Status


def tell_choice(project: Project, session: Session) -> None:
    """Tell which session is resumed, if it is not the newest."""
    newest = next(project.folder.all(), None)
    if newest is None or newest[0] == session.session_id:
        return
    state = newest[1].current_status.value if isinstance(newest[1], Session) else "unreadable"
    Output().line(
        f"Continuing session {session.session_id}, begun {to_iso(session.started_at.replace(microsecond=0))}; the newest, {newest[0]}, is {state}."
    )


def tell_nothing_to_resume(invocation: Invocation, project: Project, shape: str) -> int:
    """Tell that there is nothing to resume. Returns the exit code."""
    known = project.folder.newest()
    lines = [f"Nothing to resume in {to_shown_path(project.folder.folder)}: no session is incomplete (newest: {known})."]
    for name, found in project.folder.all():
        if not isinstance(found, Session) or found.current_status is not Status.STOPPED:
            continue
        command = to_next_command(invocation, project.folder, found)
        if command is not None:
            because = safe_text(found.stopped_because or "no reason is known")
            lines += [f"Session {name} was stopped ({because}). Go on with:", command]
            break
    show(Output(), formats.render_nothing("\n".join(lines), shape), shape)
    return 0
