"""Where the phases of a request come from: the dry run and the drain ask here."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.config.categories import categoriser_of
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.plan_backlog import PlanBacklog
from batchdrain.planning.planner import Selection, settle_run
from batchdrain.planning.session_progress import SessionProgress
from batchdrain.planning.skip_rules import QUARANTINE
from batchdrain.planning.without_effect import find_idle_kinds, find_idle_policies, find_idle_runs
from batchdrain.policies.ranking import ranking_of


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


def settle(project: Project, request: DrainRequest) -> DrainRequest:
    """The request with its filters as this database has it. Raises DatabaseUnavailable."""
    return replace(request, filters=settle_run(project.store, request.filters))


def find_without_effect(project: Project, request: DrainRequest, backlog: Backlog) -> list[str]:
    """What was asked for and changes nothing, a line each. `backlog`: as it was just read, and nothing was taken."""
    filters, state = request.filters, request.state.value
    found: list[str] = []
    if filters.run_id is not None or filters.exclude_runs:
        found += find_idle_runs(filters, project.store.read_run_counts(), state)
    if backlog.total:
        found += find_idle_kinds(filters, backlog.seen, state)
    if "--include-quarantined" in request.flags and not any(
        count >= QUARANTINE for count in project.store.history.read_past().orphanings.values()
    ):
        found.append("--include-quarantined: no phase is quarantined")
    if "--policy" in request.flags:
        found += find_idle_policies(ranking_of(request.settings.policy).names, backlog.ranks())
    if "--workers" in request.flags:
        count, workers = len({rank[-2] for rank in backlog.ranks()}), request.settings.workers  # by run_id
        if 0 < count < workers:
            runs = "1 run has" if count == 1 else f"{count} runs have"
            found.append(f"--workers={workers}: {runs} phases to drain, and those of one run go one by one")
    return found
