"""Makes the backlog of a request, for the dry run and for the drain alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from batchdrain.config.categories import categoriser_of
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.idle_filters import find_idle_filters
from batchdrain.planning.kept_reasons import KeptReasons
from batchdrain.planning.plan_backlog import PlanBacklog
from batchdrain.planning.planner import Selection, settle_run
from batchdrain.planning.session_progress import SessionProgress
from batchdrain.planning.skip_rules import QUARANTINE
from batchdrain.planning.without_effect import find_idle_policies, find_idle_workers
from batchdrain.policies.ranking import STEADY, ranking_of
from batchdrain.sessions.session import Kind

NOTHING_BEFORE: Final[Mapping[str, int]] = MappingProxyType({})


def backlog_for(
    project: Project,
    request: DrainRequest,
    done: SessionProgress,
    given_back: Sequence[GivenBack] = (),
    drained_before: Mapping[str, int] = NOTHING_BEFORE,
    *,
    kept: KeptReasons | None = None,
) -> Backlog:
    """The backlog from which the phases of a request come. `done`: what the session has done; it grows with the results.
    `given_back`: what recovery would give back first. `drained_before`: how many queued phases of each run_id the chain's part
    before would drain. `kept`: where the backlog notes why it skips rows; a plan's does not. Raises ConfigError."""
    selection = Selection(
        store=project.store,
        settings=request.settings,
        filters=request.filters,
        state=request.state,
        done=done,
        given_back=given_back,
        drained_before=drained_before,
    )
    if request.plan is None:
        read = selection.reading
        return selection.backlog(read if kept is None else kept.wrap(read, categoriser_of(request.settings)))
    planned = replace(selection, heeds_verdicts=False)  # whoever planned a phase wants it, whatever a diagnosis says
    return PlanBacklog(request.plan, planned.reading, state=request.state, categorise=categoriser_of(request.settings))


def settle(project: Project, request: DrainRequest) -> DrainRequest:
    """The request with its run filter settled against this database. Raises DatabaseUnavailable."""
    return replace(request, filters=settle_run(project.store, request.filters))


def find_idle(project: Project, request: DrainRequest, backlog: Backlog) -> list[str]:
    """Requested options that change nothing, a line each. `backlog`: just read, and nothing taken from it. Raises
    DatabaseUnavailable."""
    found = find_idle_filters(project.store, request.filters, request.state, backlog)
    if "--include-quarantined" in request.flags:
        orphanings = project.store.history.read_past().orphanings
        if not any(count >= QUARANTINE for count in orphanings.values()):
            found.append("--include-quarantined: no phase is quarantined")
    if "--workers" in request.flags:
        found += find_idle_workers(request.settings.workers, count_runs(backlog))
    return [*found, *find_idle_order(request, backlog)]


def find_idle_order(request: DrainRequest, backlog: Backlog) -> list[str]:
    """Each entry of --policy that decides nothing among the phases of the backlog."""
    if "--policy" not in request.flags:
        return []
    return list(find_idle_policies(ranking_of(request.settings.policy).names, backlog.ranks(), STEADY))


def find_idle_of_part(request: DrainRequest, backlog: Backlog) -> list[str]:
    """Idle options of a chain that only this part can see; the others were told before. The queued part has its own fixed order."""
    return find_idle_order(request, backlog) if request.kind is Kind.FAILED else []


def count_runs(backlog: Backlog) -> int:
    """How many runs have phases to drain now."""
    return len({rank[-2] for rank in backlog.ranks()})
