"""What is printed once a session has ended."""

from __future__ import annotations

from batchdrain.cli.commands.go_on import to_resume_command
from batchdrain.cli.commands.open import output_after
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.reports import formats
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_nothing
from batchdrain.runtime.signals import is_stop_asked_for
from batchdrain.runtime.text import to_shown_path
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import parts_of


def report(invocation: Invocation, project: Project, request: DrainRequest, outcome: SessionOutcome, shape: str) -> int:
    """Print what came of a session. Returns its exit code; raises what ended it early."""
    if outcome.session is None:
        show(Output(), formats.render_nothing(why_nothing(project, request, outcome), shape), shape)
        return 0
    if not outcome.took and outcome.failure is None and shape == "text":
        Output().text(formats.render_nothing(why_nothing(project, request, outcome), shape))
    summarise(invocation, project, outcome.session, shape)
    if outcome.failure is not None:
        raise outcome.failure
    return outcome.exit_code


def summarise(invocation: Invocation, project: Project, session: Session, shape: str) -> None:
    """Print the summary and, for people, the command that goes on with what is left."""
    out = output_after(was_stopped=is_stop_asked_for())
    show(out, formats.render_summary(session, to_saved_paths(project.folder, session), shape), shape)
    command = to_resume_command(invocation, project.folder, session) if shape == "text" else None
    if command is not None:
        out.line(command)
    out.finish()


def to_saved_paths(folder: SessionFolder, session: Session) -> str:
    """Where it is saved, as it is shown: a line for each session of a chain."""
    return "\n".join(to_shown_path(folder.path(part.session_id)) for part in parts_of(session))


def show(out: Output, text: str, shape: str) -> None:
    """Print a report that `formats` made in this shape."""
    if shape == "json":
        out.json(text.rstrip("\n"))
    else:
        out.text(text)


def why_nothing(project: Project, request: DrainRequest, outcome: SessionOutcome) -> str:
    """Why a request selected nothing, in lines."""
    return explain_nothing(
        project.store.where,
        project.store.read_run_counts(),
        EmptySelection(
            state=request.state.value,
            total=outcome.total,
            skipped=outcome.skipped,
            held=len(project.store.history.read_held()),
            by_plan=request.plan is not None,
        ),
    )
