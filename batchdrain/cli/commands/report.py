"""What is printed once a session has ended."""

from __future__ import annotations

from batchdrain.cli.commands.open import output_after
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.reports import formats
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_nothing
from batchdrain.runtime.signals import is_stop_asked_for
from batchdrain.runtime.text import to_shown_path


def report(project: Project, request: DrainRequest, outcome: SessionOutcome, shape: str) -> int:
    """Print what came of a session. Returns its exit code; raises what ended it early."""
    if outcome.session is None:
        show(Output(), formats.render_nothing(_why_nothing(project, request, outcome), shape), shape)
        if outcome.failure is not None:
            raise outcome.failure
        return 0
    if not outcome.took and outcome.failure is None and shape == "text":
        Output().text(formats.render_nothing(_why_nothing(project, request, outcome), shape))
    saved_to = to_shown_path(project.folder.path(outcome.session.session_id))
    out = output_after(was_stopped=is_stop_asked_for())
    show(out, formats.render_summary(outcome.session, saved_to, shape), shape)
    out.finish()
    if outcome.failure is not None:
        raise outcome.failure
    return outcome.exit_code


def show(out: Output, text: str, shape: str) -> None:
    """Print a report that `formats` made in this shape."""
    if shape == "json":
        out.json(text.rstrip("\n"))
    else:
        out.text(text)


def _why_nothing(project: Project, request: DrainRequest, outcome: SessionOutcome) -> str:
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
