"""Plans what a drain would do. The plan makes its choices as the drain does, from the backlog as recovery would leave it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from batchdrain.drain.preview.end import find_group_end, find_session_stop, name_early_ends
from batchdrain.drain.preview.failure import find_problems, find_risks
from batchdrain.drain.preview.progress import foresee_progress
from batchdrain.drain.preview.recovery import foresee_recovery
from batchdrain.drain.preview.results import foresee
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import Resumption
from batchdrain.drain.row_reasons import RowReasons
from batchdrain.drain.selection import backlog_for, find_idle
from batchdrain.model.phase import Skip
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import ImaginedClaims, Plan, plan
from batchdrain.planning.reading import Reasons
from batchdrain.runtime import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class DryPlan:
    """What is found out without writing."""

    made: Plan
    may_end_before: Callable[[int], Sequence[str]]  #: what may end the plan before the phase at a place, from 1 on
    reasons: Callable[
        [str | None], Reasons
    ]  #: for each row, or each of a run, the rule that skips it, as if nothing were chosen
    recovery: Sequence[GivenBack]  #: what recovery would settle first
    problems: Sequence[str]  #: why a drain would not begin, as far as can be seen without writing
    limit: int | None  #: the most phases that it takes; None: all there are
    stopped: Skip | None  #: why a resumed session takes nothing more, whatever is left
    idle: Sequence[str]  #: requested options that change nothing, a line each


def make_dry_plan(project: Project, request: DrainRequest, left: Resumption | None, *, explains: bool = False) -> DryPlan:
    """Make the plan. `left`: what is left of a session that would be resumed; `explains`: the reasons of all rows are wanted.
    Raises ConfigError, DatabaseUnavailable."""
    recovery, found = foresee_recovery(project), RowReasons(project.store, keeps=explains)
    limit = request.most if left is None else left.most
    known = partial(foresee_progress, project, request, left, recovery)
    done = known()
    if left is not None and limit is not None:
        limit = max(0, limit - len(done.places) + len(left.session.results))
    progress, backlog = done.progress(), backlog_for(project, request, done, recovery, kept=found.kept)
    stopped = None if left is None else find_session_stop(request, progress)
    of_group, group_end = find_group_end(project, request, recovery)
    if limit is not None and of_group is not None:
        limit = min(limit, of_group)
    if stopped is None and group_end is not None and not group_end.is_full:  # a group that is full still tries phases again
        stopped = group_end.because
    backlog.refresh(clock.now())
    idle = [] if left is not None or request.plan is not None else find_idle(project, request, backlog)
    forecast = foresee(project, request, backlog, limit, progress) if left is None else None
    made = plan(
        backlog,
        project.limits_for(request.settings),
        most=limit if stopped is None else 0,
        now=clock.now(),
        claims=ImaginedClaims(take=done.take, refuse=found.refuse),
        retries=[] if left is None or stopped is not None else sorted(left.retries),
    )
    name_ends = partial(name_early_ends, request=request, progress=progress, backlog=backlog)
    return DryPlan(
        made=replace(name_ends(made), forecast=forecast, may_refuse=find_risks(project, request) if made.all else ()),
        may_end_before=lambda place: name_ends(replace(made, retries=(), phases=made.all[:place])).may_end_by,
        reasons=partial(found.of, lambda: backlog_for(project, request, known(found.refuse.found), recovery)),
        recovery=recovery,
        problems=find_problems(project, request),
        limit=limit,
        stopped=stopped or (None if group_end is None else group_end.because),
        idle=idle,
    )
