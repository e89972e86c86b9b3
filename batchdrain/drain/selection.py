"""Where the phases of a request come from: the dry run and the drain ask here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from batchdrain.config.categories import categoriser_of
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan_backlog import PlanBacklog
from batchdrain.planning.planner import Selection
from batchdrain.planning.session_progress import SessionProgress


def backlog_for(
    project: Project, request: DrainRequest, done: SessionProgress, given_back: Sequence[GivenBack] = ()
) -> Backlog:
    """Where the phases of a request come from: the dry run and the drain ask here. `done`: what its session has done, which
    grows with its results; `given_back`: what recovery would give back before."""
    selection = Selection(
        store=project.store,
        settings=request.settings,
        filters=request.filters,
        state=request.state,
        done=done,
        given_back=given_back,
    )
    if request.plan is None:
        return selection.backlog()
    planned = replace(selection, heeds_verdicts=False)  # whoever planned a phase wants it, whatever a diagnosis says
    return PlanBacklog(request.plan, planned.reading, state=request.state, categorise=categoriser_of(request.settings))
