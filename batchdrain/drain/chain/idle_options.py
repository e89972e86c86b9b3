"""Options of a chain's request that change nothing in either of its parts. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.selection import backlog_for, count_runs
from batchdrain.planning.seen_kinds import SeenKinds
from batchdrain.planning.without_effect import find_idle_kinds, find_idle_runs, find_idle_workers
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts
from batchdrain.sessions.session import Kind


def find_idle_in_chain(project: Project, requests: Mapping[Kind, DrainRequest]) -> list[str]:
    """One line for each such option. The backlogs are read only if an option needs it. Raises DatabaseUnavailable, ConfigError."""
    request, states = next(iter(requests.values())), [one.state.value for one in requests.values()]
    asks_for_runs = request.filters.run_id is not None or request.filters.exclude_runs
    found = list(find_idle_runs(request.filters, project.store.read_run_counts(), *states)) if asks_for_runs else []
    if not request.filters.categories and "--workers" not in request.flags:
        return found
    seen, most_runs, total = SeenKinds(), 0, 0
    for one in requests.values():
        backlog = backlog_for(project, _as_it_opens(one), ResultCounts())
        backlog.refresh(clock.now())
        seen.categories |= backlog.seen.categories
        total += backlog.total
        most_runs = max(most_runs, count_runs(backlog))
    if total:
        found += find_idle_kinds(request.filters, seen, *states)
    if "--workers" in request.flags:
        found += find_idle_workers(request.settings.workers, most_runs)
    return found


def _as_it_opens(request: DrainRequest) -> DrainRequest:
    """The request without the rules that hold runs back until other runs, or their queued phases, are done: the chain may still get
    to those runs."""
    stop = request.settings.stop.model_copy(update={"skip_runs_with_queued": False})
    return replace(request, settings=request.settings.model_copy(update={"depends_on": [], "stop": stop}))
