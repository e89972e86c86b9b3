"""A plan of what a drain would do, made as the drain makes its choices, from the backlog as recovery would leave it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from batchdrain.config.plugins import resolve_engine
from batchdrain.drain.foreseen_recovery import foresee_recovery
from batchdrain.drain.project import Project
from batchdrain.drain.request import DrainRequest
from batchdrain.drain.resumption import Resumption
from batchdrain.drain.selection import backlog_for
from batchdrain.drain.services import limits_for
from batchdrain.execution.command import diagnosis_problems_of, problems_of
from batchdrain.model.errors import ConfigError
from batchdrain.model.phase import Skip
from batchdrain.planning.backlog import Backlog
from batchdrain.planning.early_end import rules_that_may_end
from batchdrain.planning.given_back import GivenBack
from batchdrain.planning.plan import Plan, plan
from batchdrain.planning.stop import Progress, session_stop
from batchdrain.runtime import clock
from batchdrain.sessions.progress import ResultCounts, counts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DryPlan:
    """What is found out without writing."""

    made: Plan
    backlog: Callable[[], Backlog]  #: another one, which knows of no choice
    recovery: Sequence[GivenBack]  #: what would be settled first
    problems: Sequence[str]  #: why a drain would not begin, as far as a look tells
    limit: int | None  #: phases that it takes at most; None: all there are
    stopped: Skip | None  #: why a session that would go on takes nothing more, whatever is left


def make_dry_plan(project: Project, request: DrainRequest, left: Resumption | None) -> DryPlan:
    """`left`: of a session that would go on. Raises ConfigError, DatabaseUnavailable."""
    recovery = foresee_recovery(project)
    limit = request.most if left is None else left.most
    done = _progress_of(left, recovery)
    if left is not None and limit is not None:
        limit = max(0, limit - len(done.places) + len(left.session.results))
    progress, backlog = done.progress(), backlog_for(project, request, done, recovery)
    stopped = None if left is None else session_stop(progress, request.settings.stop)
    made = plan(
        backlog,
        limits_for(project, request.settings),
        most=limit if stopped is None else 0,
        now=clock.now(),
        take=done.take,
        retries=[] if left is None or stopped is not None else sorted(left.retries),
    )
    return DryPlan(
        made=name_early_ends(made, request, progress, backlog),
        backlog=lambda: backlog_for(project, request, _progress_of(left, recovery), recovery),
        recovery=recovery,
        problems=_find_problems(project, request),
        limit=limit,
        stopped=stopped,
    )


def name_early_ends(made: Plan, request: DrainRequest, progress: Progress, backlog: Backlog) -> Plan:
    """The plan with the rules that may end it before its last phase. `progress`: before its first one."""
    phases = [planned.choice.phase for planned in made.all]
    rules = rules_that_may_end(phases, progress, request.settings.stop, backlog.size_of)
    if request.stop_on_first_failure and len(phases) > 1:
        rules = ("--stop-on-first-failure", *rules)
    return replace(made, may_end_by=rules)


def _progress_of(left: Resumption | None, recovery: Sequence[GivenBack]) -> ResultCounts:
    if left is None:
        return ResultCounts()
    done = counts_of(left.session)
    for back in recovery:
        if back.recorded is not None and back.session_uid == left.session.session_uid:
            done.take(back.key)
    return done


def _find_problems(project: Project, request: DrainRequest) -> list[str]:
    settings = request.settings
    problems = diagnosis_problems_of(settings, project.root) if request.triage else []
    problems += problems_of(settings.command, project.root)
    try:
        resolve_engine(settings.engine)
    except ConfigError as error:
        problems.append(str(error))
    return problems
