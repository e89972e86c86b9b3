"""What is printed once a session has ended."""

from __future__ import annotations

from batchdrain.cli.commands.open import output_after
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.reports import formats
from batchdrain.reports.nothing_to_drain import why_nothing
from batchdrain.runtime.signals import came
from batchdrain.runtime.text import shown


def report(project: Project, request: DrainRequest, outcome: SessionOutcome, shape: str) -> int:
    """Print what came of a go. Returns its exit code; raises what ended it early."""
    if outcome.session is None:
        Output().text(formats.nothing(_why_nothing(project, request, outcome), shape))
        return 0
    if not outcome.took and outcome.failure is None and shape == "text":
        Output().text(formats.nothing(_why_nothing(project, request, outcome), shape))
    saved_to = shown(project.folder.path(outcome.session.session_id))
    out = output_after(was_stopped=came())
    out.text(formats.summary(outcome.session, saved_to, shape))
    out.finish()
    if outcome.failure is not None:
        raise outcome.failure
    return outcome.exit_code


def _why_nothing(project: Project, request: DrainRequest, outcome: SessionOutcome) -> str:
    return why_nothing(
        project.store.where,
        project.store.read_run_counts(),
        request.state.value,
        outcome.total,
        outcome.skipped,
        held=len(project.store.history.read_held()),
        by_plan=request.plan is not None,
    )
