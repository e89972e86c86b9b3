"""Where the phases of a request come from: the dry run and the drain ask here."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.config.categories import categoriser_of
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.plan_backlog import PlanBacklog
from batchdrain.planning.planner import Selection
from batchdrain.planning.session_progress import SessionProgress


def backlog_for(project: Project, request: DrainRequest, done: SessionProgress) -> Backlog:
    """Where the phases of a request come from: the dry run and the drain ask here."""
    selection = selection_for(project, request, done)
    if request.plan is None:
        return selection.backlog()
    planned = replace(selection, heeds_verdicts=False)  # whoever planned a phase wants it, whatever a diagnosis says
    return PlanBacklog(request.plan, planned.reading, state=request.state, categorise=categoriser_of(request.settings))


def selection_for(project: Project, request: DrainRequest, done: SessionProgress) -> Selection:
    """What a request selects from. `done`: what its session has done, which grows with its results."""
    return Selection(store=project.store, settings=request.settings, filters=request.filters, state=request.state, done=done)
