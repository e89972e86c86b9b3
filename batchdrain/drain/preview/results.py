"""The forecast of a drain that begins, for the dry run and for the drain. Reads only."""

from __future__ import annotations

from dataclasses import replace

from batchdrain.config.plugins import POLICIES, is_ours
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.forecast import Forecast, make_forecast, to_look_at
from batchdrain.planning.stop import Progress
from batchdrain.runtime import clock
from batchdrain.sessions.session import Kind


def foresee(
    project: Project, request: DrainRequest, backlog: Backlog, most: int | None, progress: Progress
) -> Forecast | None:
    """Make the forecast; None if nothing can be said. `backlog`: just read, and nothing taken from it; `most`: how many phases the
    drain may take; `progress`: what its chain did before it. Raises DatabaseUnavailable."""
    if request.kind is not Kind.FAILED or request.group is not None or (most is not None and most < 1):
        return None  # drains of a group share phases, and nobody knows which drain will take which
    if not all(is_ours(_name_of(entry), POLICIES) for entry in request.settings.policy):
        return None  # a foreign policy may hang or fail: it is asked only while the drain runs, where a signal ends it
    return make_forecast(
        backlog.look_ahead(to_look_at(most), clock.now()),
        request.settings,
        project.limits_for(request.settings),
        most=most,
        progress=replace(progress, elapsed_s=float(round(progress.elapsed_s))),  # moments change nothing
        first_failure_ends=request.stop_on_first_failure,
    )


def _name_of(entry: object) -> str:
    """The name of an entry of `policy`, which is a name or a mapping with a name and parameters."""
    return str(entry.get("name", "") if isinstance(entry, dict) else entry)
