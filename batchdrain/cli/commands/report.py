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
from batchdrain.runtime.text import to_percent, to_shown_path
from batchdrain.sessions.folder import SessionFolder
from batchdrain.sessions.session import Session
from batchdrain.sessions.whole import parts_of


def report(invocation: Invocation, project: Project, request: DrainRequest, outcome: SessionOutcome, shape: str) -> int:
    """Print what came of a session. Returns its exit code; raises what ended it early."""
    if outcome.session is None:
        show(Output(), formats.render_nothing(why_nothing(project, request, outcome), shape), shape)
        if outcome.failure is not None:
            raise outcome.failure
        return int(request.fail_if_nothing)
    if not outcome.took and outcome.failure is None and shape == "text":
        Output().text(formats.render_nothing(why_nothing(project, request, outcome), shape))
    summarise(invocation, project, outcome.session, shape)
    if outcome.failure is not None:
        raise outcome.failure
    return tell_code(outcome.session, outcome.exit_code or int(request.fail_if_nothing and not outcome.took), shape)


def tell_code(session: Session, code: int, shape: str) -> int:
    """For people, why the exit code is what it is, where a rate was wanted. Returns it."""
    reason = explain_rate(session, code)
    if shape == "text" and reason is not None:
        out = output_after(was_stopped=is_stop_asked_for())
        out.line(reason)
        out.finish()
    return code


def explain_rate(session: Session, code: int) -> str | None:
    """Why the exit code is 0 or 1 where a rate was wanted; None where none was, or another reason decides."""
    wanted, rate = session.wanted_rate, session.success_rate
    if wanted is None or code not in {0, 1}:
        return None
    if rate is None:
        return (
            f"Exit code {code}: nothing was processed, so there is no rate to hold against the wanted {to_percent(wanted)}."
        )
    how = "is below" if rate < wanted else "reaches"
    return (
        f"Exit code {code}: the success rate of {to_percent(rate)} {how} the wanted {to_percent(wanted)} (min_success_rate)."
    )


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
            without_effect=outcome.without_effect,
        ),
    )
