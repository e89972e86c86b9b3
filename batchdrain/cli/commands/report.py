"""What is printed once a session has ended."""

from __future__ import annotations

from batchdrain.cli.commands.open import output_after
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Project
from batchdrain.drain.request import Intent
from batchdrain.drain.session_run import Went
from batchdrain.reports import formats
from batchdrain.reports.nothing_to_drain import why_nothing
from batchdrain.runtime.signals import came
from batchdrain.runtime.text import shown


def report(project: Project, intent: Intent, went: Went, shape: str) -> int:
    """Print what came of a go. Returns its exit code; raises what ended it early."""
    if went.session is None:
        Output().text(formats.nothing(_why_nothing(project, intent, went), shape))
        return 0
    if not went.took and went.failure is None and shape == "text":
        Output().text(formats.nothing(_why_nothing(project, intent, went), shape))
    saved_to = shown(project.folder.path(went.session.session_id))
    out = output_after(was_stopped=came())
    out.text(formats.summary(went.session, saved_to, shape))
    out.finish()
    if went.failure is not None:
        raise went.failure
    return went.exit_code


def _why_nothing(project: Project, intent: Intent, went: Went) -> str:
    return why_nothing(
        project.store.where,
        project.store.counts(),
        intent.state.value,
        went.total,
        went.skipped,
        held=len(project.store.history.held()),
        by_plan=intent.plan is not None,
    )
