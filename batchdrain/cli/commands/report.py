"""Prints the report once a session has ended."""

from __future__ import annotations

from batchdrain.cli.commands.beside import beside_of, read_accepted, to_saved_paths
from batchdrain.cli.commands.github import tell_github
from batchdrain.cli.commands.open import output_after
from batchdrain.cli.commands.show_report import render, show
from batchdrain.cli.commands.tell_others import tell_others
from batchdrain.cli.invocation import Invocation
from batchdrain.cli.screens.writer import Output
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.session_run import SessionOutcome
from batchdrain.reports import formats
from batchdrain.reports.exit_words import Exit, explain_exit
from batchdrain.reports.nothing_to_drain import EmptySelection, explain_nothing
from batchdrain.runtime.signals import is_stop_asked_for
from batchdrain.sessions.session import Session


def report(invocation: Invocation, project: Project, request: DrainRequest, outcome: SessionOutcome, shape: str) -> int:
    """Print the results of a session. Returns its exit code, or raises the error that ended it early."""
    if outcome.session is None:
        show(Output(), formats.render_nothing(why_nothing(project, request, outcome), shape), shape)
        if outcome.failure is not None:
            raise outcome.failure
        return int(request.fail_if_nothing)
    if not outcome.took and outcome.failure is None and shape == "text":
        Output().text(formats.render_nothing(why_nothing(project, request, outcome), shape))
    code = outcome.exit_code or int(request.fail_if_nothing and not outcome.took)
    ended = explain_exit(outcome.session, code, orphaned=outcome.orphaned)
    summarise(invocation, project, outcome.session, shape, ended)
    tell_others(invocation, project, outcome.session, ended, outcome.gone_by)
    if outcome.failure is not None:
        raise outcome.failure
    return code


def summarise(invocation: Invocation, project: Project, session: Session, shape: str, ended: Exit) -> None:
    """Print the summary, with the command that goes on with what is left."""
    out = output_after(was_stopped=is_stop_asked_for())
    beside = beside_of(invocation, project.settings, project.folder, session, ended, read_accepted(project, session, ended))
    show(out, render(project.folder, session, shape, beside), shape)
    out.finish()
    tell_github(invocation, session, to_saved_paths(project.folder, session), beside)


def why_nothing(project: Project, request: DrainRequest, outcome: SessionOutcome) -> str:
    """Why a request selected nothing, in lines."""
    return explain_nothing(
        project.store.where,
        project.store.read_run_counts(),
        EmptySelection(
            state=request.state.value,
            total=outcome.total,
            because=outcome.because if outcome.session is None else outcome.session.stopped_because,
            skipped=outcome.skipped,
            held=len(project.store.history.read_held()),
            by_plan=request.plan is not None or (outcome.session is not None and "plan" in outcome.session.filters),
            without_effect=outcome.without_effect,
            condition=project.settings.source.where,
            batch_done=None if outcome.session is None else outcome.session.batch_if_done,
        ),
    )
